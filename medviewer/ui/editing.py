"""The reader edits a finding's outline with a brush: a draft over the picture until it is done or dropped."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from medviewer.errors import UsageError
from medviewer.imaging.brush import MaskDraft, swept
from medviewer.imaging.numbers import number
from medviewer.review.deciding import as_read, on_own_outlines
from medviewer.review.session import Session
from medviewer.review.state import Change, State
from medviewer.ui.edit_bar import EditBar
from medviewer.ui.edit_under_way import NOT_LOADED, Edit, why_not
from medviewer.ui.notice_bar import NoticeBar
from medviewer.ui.pictures import originals, shown_lines, shown_masks
from medviewer.ui.planes import PlanesView

Point = tuple[float, float]
SIZES = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 70.0, 100.0)
"""Diameters of the brush: millimetres, or pixels where a picture tells no millimetres."""
_FIRST_SIZE = 8.0
_MASKS = Change.RESULT | Change.DECISION | Change.VOLUME | Change.OPINION | Change.SERIES
DROPPED = "The edit was dropped: the finding is as it was."
GONE = "The edit was dropped: its finding is no longer on screen as it was."
SET_ASIDE = "The edit is set aside. Show its series again and edit the finding to go on with it."
GOES_ON = "What you had painted is back. Cancel drops it."
UNFINISHED = "An outline is being edited: keep it (Enter) or drop it (Esc), then close the window."
ELSEWHERE = "The brush works on the images as they were made: paint in the large view."


class Editing(QObject):
    """Begins, paints, ends. The session hears of it when it is done, as one decision."""

    changed = Signal()
    """An edit began or ended, or a stroke can be undone or no longer."""

    def __init__(
        self, session: Session, planes: PlanesView, notices: NoticeBar, is_complete: Callable[[str], bool]
    ) -> None:
        """``is_complete``: whether all images of a series are loaded."""
        super().__init__(planes)
        self._is_complete = is_complete
        self._session, self._planes, self._notices = session, planes, notices
        self.bar = EditBar(planes.main)
        self._edit: Edit | None = None
        self._aside: Edit | None = None
        """One whose images left the screen before it was done."""
        self._size = _FIRST_SIZE
        self._erases = False
        self._shows_originals = False
        self.bar.tool_wanted.connect(self._take)
        self.bar.size_wanted.connect(self._resize)
        self.bar.undo_wanted.connect(self.undo)
        self.bar.done_wanted.connect(self.done)
        self.bar.cancel_wanted.connect(self.cancel)
        main = planes.main
        main.stroke_began.connect(self._begin_stroke)
        main.brush_moved.connect(self._paint)
        main.stroke_ended.connect(self._end_stroke)
        for view in planes.viewports:
            view.brush_size_wanted.connect(self._resize)
        for side in planes.sides:
            side.stroke_began.connect(self._refuse)

    # --- beginning and ending ----------------------------------------------------------------------------

    @property
    def is_on(self) -> bool:
        """Whether an outline is being edited."""
        return self._edit is not None

    @property
    def can_undo(self) -> bool:
        """Whether there is a stroke to take back."""
        return self._edit is not None and self._edit.draft.can_undo

    @property
    def shows_originals(self) -> bool:
        """Whether the models' outlines are drawn beside modified ones."""
        return self._shows_originals

    def begin(self, finding_id: str) -> None:
        """Edit the outline of a finding on screen; with an edit under way, take the brush again."""
        state = self._session.state
        found = next((f for f in state.findings if f.id == finding_id), None)
        if self._edit is not None or found is None:
            self._take(self._erases)
            self._told()
            return
        problem = why_not(state, found, self._is_complete)
        picture = self._planes.main.picture
        if problem or found.mask is None or picture is None:
            self._notices.problem(problem or NOT_LOADED)
            self._told()
            return
        finding = as_read(state, found)
        if finding.mask is None:
            return
        aside, self._aside = self._aside, None
        goes_on = aside is not None and aside.finding.id == finding_id and aside.holds(state)
        draft = aside.draft if aside is not None and goes_on else MaskDraft(finding.mask)
        before, tool = state.decision_of(finding_id), self._planes.main.tool_name
        self._edit = Edit(finding, found.mask, draft, before, tool)
        if state.selected_finding != finding_id:
            self._session.select_finding(finding_id)
        if state.overlay_hidden:
            self._session.hide_overlay(False)
        self._notices.hide()
        if goes_on:
            self._notices.note(GOES_ON)
        self.bar.show_edit(found.label)
        self._show()
        self._take(erases=False)
        self._told()

    def done(self) -> None:
        """The draft becomes the reader's outline; where that cannot be, the edit goes on."""
        edit = self._edit
        if edit is None:
            return
        if problem := why_not(self._session.state, edit.finding, self._is_complete):
            self._notices.problem(problem)
            return
        self._edit = None  # the decision that follows is not to end the edit
        try:
            self._session.modify(edit.finding.id, edit.draft.finished())
        except UsageError as error:
            self._edit = edit
            self._notices.problem(error.sentence())
            return
        except BaseException:
            self._edit = edit  # whatever went wrong, what was painted is still there
            raise
        self._end(edit)
        state = self._session.state
        maker = state.maker_of(edit.finding.id)
        for text in on_own_outlines(maker, state.decisions) if maker is not None else ():
            self._notices.note(text)

    def cancel(self) -> bool:
        """Everything as it was; False where nothing was edited."""
        edit, self._edit = self._edit, None
        if edit is not None:
            self._end(edit)
            if edit.draft.can_undo:
                self._notices.note(DROPPED)
        return edit is not None

    def _end(self, edit: Edit) -> None:
        self.bar.hide()
        self._notices.hide()
        main = self._planes.main
        main.set_draft(None)
        main.set_brush(None)
        if main.tool_name == "brush":
            self._planes.set_tool(edit.tool)
        self._show()
        self._told()

    def undo(self) -> bool:
        """Take the last stroke back, and show where; False where nothing is edited."""
        edit = self._edit
        if edit is None:
            return False
        touched = edit.draft.undo()
        if touched and self._session.state.index not in touched:
            self._session.scroll(touched[0])
        self._planes.main.set_draft(edit.draft, edit.finding.colour)
        self._end_stroke()
        return True

    def toggle_originals(self) -> None:
        """Draw the models' outlines beside modified ones, or no longer."""
        self._shows_originals = not self._shows_originals
        self._show_originals(self._session.state)
        self._told()

    def apply(self, state: State, change: Change) -> None:
        """What changed on screen; call it after the pictures."""
        edit = self._edit
        if edit is not None and change & _MASKS and not edit.holds(state):
            self.cancel()
            self._aside = edit if edit.waits(state) else None
            self._notices.note(GONE if self._aside is None else SET_ASIDE)
        elif edit is not None and change & _MASKS:
            self._show()
        elif change & _MASKS:
            self._show_originals(state)
        if self._aside is not None and change & _MASKS and not self._aside.waits(state):
            self._aside = None
        if self._edit is not None and change & (Change.SLICE | Change.SCALE):
            self._show_size()

    # --- the brush ---------------------------------------------------------------------------------------

    def _take(self, erases: bool) -> None:
        """Paint or erase from now on."""
        if self._edit is None:
            return
        self._erases = erases
        self._planes.set_tool("brush")
        self.show_tool()

    def show_tool(self) -> None:
        """Which tool is pressed: another may have been chosen since."""
        if self._edit is None:
            return
        on = self._planes.main.tool_name == "brush"
        self.bar.show_tool(
            painting=on and not self._erases, erasing=on and self._erases, size=self._size_text()
        )
        self._show_size()

    def _resize(self, steps: int) -> None:
        at = min(max(SIZES.index(self._size) + steps, 0), len(SIZES) - 1)
        self._size = SIZES[at]
        self.show_tool()

    def _pixel(self) -> tuple[float, float]:
        """Size of a pixel of the picture shown (down, across): mm, or 1 where it tells none."""
        main = self._planes.main
        known = main.picture.view.pixel_mm_at(main.index) if main.picture is not None else None
        return known or (1.0, 1.0)

    def _size_text(self) -> str:
        main = self._planes.main
        known = main.picture is not None and main.picture.view.pixel_mm_at(main.index) is not None
        return number(self._size, "mm" if known else "px")

    def _show_size(self) -> None:
        down, across = self._pixel()
        self._planes.main.set_brush((self._size / 2 / across, self._size / 2 / down))

    def _begin_stroke(self) -> None:
        if self._edit is not None:
            self._edit.draft.begin()
            if self._session.state.overlay_hidden:
                self._session.hide_overlay(False)  # nobody paints what is not seen

    def _paint(self, start: Point, end: Point, erase: bool) -> None:
        """Both points are (x, y) on the picture of the large view."""
        main, edit = self._planes.main, self._edit
        if edit is None or main.picture is None or main.picture.view.axes[0] != 0:
            return
        view, (down, across) = main.picture.view, self._pixel()
        radius = self._size / 2 / down, self._size / 2 / across
        if view.axes[1] > view.axes[2]:  # turned: the picture's rows are the image's columns
            radius = radius[1], radius[0]
        (index, *begin), (_, *finish) = (view.to_voxel(main.index, y - 0.5, x - 0.5) for x, y in (start, end))
        dab = swept(view.volume_shape[1:], (begin[0], begin[1]), (finish[0], finish[1]), radius)
        if dab is not None and edit.draft.paint(round(index), dab, inside=not (erase or self._erases)):
            main.refresh_draft(round(index), dab)

    def _end_stroke(self) -> None:
        self._show_sides(self._session.state)
        self._told()

    def _refuse(self) -> None:
        self._notices.note(ELSEWHERE)

    # --- showing -----------------------------------------------------------------------------------------

    def _told(self) -> None:
        self.bar.show_strokes(self.can_undo)
        self.changed.emit()

    def _show(self) -> None:
        """Masks, draft and originals in all views."""
        state, edit, main = self._session.state, self._edit, self._planes.main
        without = edit.finding.id if edit is not None else ""
        main.set_masks(shown_masks(state, without), shown_lines(state))
        self._show_sides(state)
        if edit is not None:
            main.set_draft(edit.draft, edit.finding.colour)
        self._show_originals(state)

    def _show_sides(self, state: State) -> None:
        """The other planes show the draft as a mask, made anew after every stroke."""
        edit = self._edit
        masks = shown_masks(state, edit.finding.id if edit is not None else "")
        if edit is not None:
            masks.append((edit.draft.shown(), edit.finding.colour, edit.finding.label))
        for side in self._planes.sides:
            side.set_masks(masks, shown_lines(state))

    def _show_originals(self, state: State) -> None:
        edit = self._edit
        masks = originals(state) if self._shows_originals else []
        if edit is not None:
            masks = [(edit.own, edit.finding.colour)]
        for view in self._planes.viewports:
            view.set_originals(masks)
