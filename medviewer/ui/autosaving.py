"""Keeps the reader's work while it is done, and offers it back when its study is opened again.

Nothing is asked before there is something to keep. Where the system has no keyring the reader sets a
passphrase for the session, or goes on without. While an offer waits for its answer nothing is written over
what is offered. Of two windows on one study the first keeps the work; the other says so, and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from medviewer.errors import MedviewerError
from medviewer.review import keys
from medviewer.review.kept_work import KeptDecision, work_on
from medviewer.review.keys import Key, PassphraseKey
from medviewer.review.report_words import moment
from medviewer.review.state import Change, State, study_key
from medviewer.review.store import local_now
from medviewer.review.work_store import Found, WorkRefused, WorkStore, default_folder
from medviewer.ui.jobs import JobContext
from medviewer.ui.keeping import Keeping
from medviewer.ui.offer_bar import OfferBar

if TYPE_CHECKING:
    from medviewer.ui.main_window import MainWindow

_WORK = Change.DECISION | Change.MEASUREMENT | Change.IMPRESSION | Change.KEY_IMAGE | Change.SCALE
_WORK |= Change.THRESHOLD
_ELSEWHERE = (
    "This study is open in another window, which keeps the work on it: what you do here is not kept. "
    "Close it there to have it kept here."
)


@dataclass(frozen=True)
class _Looked:
    """What a look at the kept work of a study brought."""

    study: str
    key: Key | None
    found: Found | None
    refusal: str = ""


class Autosaving(QObject):
    """Watches the session of one window. ``bar`` asks."""

    def __init__(self, window: MainWindow, store: WorkStore | None = None) -> None:
        super().__init__(window)
        self._window, self._session = window, window.session
        self._store = store or WorkStore(default_folder())
        self.keeping = Keeping(self._store, window.runner, self)
        self.keeping.problem.connect(window.notices.problem)
        self.keeping.key_wanted.connect(self._want_key)
        self._settled: set[str] = set()
        """Studies whose kept work, if there was any, was answered for."""
        self._offered: dict[str, Found] = {}
        self._waiting: dict[str, tuple[KeptDecision, ...]] = {}
        self._elsewhere: set[str] = set()
        """Studies whose work another window keeps."""
        self._asked = ""
        self.bar = OfferBar(window.planes)
        self.bar.yes.connect(self._yes)
        self.bar.no.connect(self._no)
        self._end_listening = self._session.subscribe(self._changed)
        window.closing.connect(self._end)
        window.runner.submit("keep", lambda _: self._store.sweep())

    # --- what is done ------------------------------------------------------------------------------------

    def _changed(self, state: State, change: Change) -> None:
        if not self._window.settings.autosave:
            self.keeping.drop()
            self.bar.hide()
            return
        if change & Change.STUDY:
            self._study_came(state)
        if change & (Change.STUDY | Change.RUN | Change.RESULT):
            self._give_decisions(state)
        if change & _WORK and not change & Change.SERIES:
            self._note_work(state)

    def _note_work(self, state: State) -> None:
        """Hand over what there is to keep of the patient on screen."""
        patient = state.patient
        if patient is None:
            return
        if self._on_screen() in self._elsewhere:
            self._study_came(state)  # closed there meanwhile?
        for study in patient.studies:
            key = study_key(patient, study)
            if key in self._settled:
                work = work_on(state, patient, study, local_now().isoformat(timespec="seconds"))
                waiting = self._waiting.get(key, ())
                self.keeping.put(replace(work, decisions=(*work.decisions, *waiting)))

    def _want_key(self) -> None:
        if not self.bar.text:
            sentence = "This system has no keyring, so your work is not kept."
            self._ask("passphrase", sentence, "Set a passphrase…", "Not this session")

    # --- what was kept -----------------------------------------------------------------------------------

    def _study_came(self, state: State) -> None:
        """Another study is on screen: is work on it kept?"""
        if state.scan is None:
            self.keeping.write()
            self._settled.clear()
            self._offered.clear()
            self._waiting.clear()
            self._elsewhere.clear()
            # After the last of it is written.
            self._window.runner.submit("keep", lambda _: None).ended.connect(self._let_go)
        study = self._on_screen()
        if self._asked != "passphrase":
            self.bar.hide()
        if not study or study in self._settled:
            return
        if not self._is_ours(study):
            return
        if study in self._offered:
            self._offer(study)
        elif not self._store.exists(study) and not self.keeping.is_pending(study):
            self._settled.add(study)
        elif self._store.kind_of(study) == PassphraseKey.kind and self.keeping.key is None:
            self._ask("unlock", "Work on this study is kept under a passphrase.", "Unlock…", "Discard")
        else:
            self._look(study, self.keeping.key)

    def _is_ours(self, study: str) -> bool:
        """Whether this window keeps the work on a study; the first time it does not, that is said."""
        if self._store.claims.take(study):
            self._elsewhere.discard(study)
            return True
        if study not in self._elsewhere:
            self._elsewhere.add(study)
            self._window.notices.problem(_ELSEWHERE)
        return False

    def _let_go(self) -> None:
        """Other windows may keep the work on what is no longer open here, once ours is written."""
        scan = self._session.state.scan
        here = {study_key(p, s) for p in scan.patients for s in p.studies} if scan is not None else set()
        for study in self._store.claims.held - here:
            if not self.keeping.is_pending(study):
                self._store.claims.let_go(study)

    def _look(self, study: str, key: Key | None) -> None:
        def work(_: JobContext) -> _Looked:
            own = key or keys.from_keyring()
            if own is None:
                return _Looked(study, None, None, "The key of the kept work cannot be got from the keyring.")
            try:
                return _Looked(study, own, self._store.load(study, own))
            except WorkRefused as error:
                return _Looked(study, key, None, error.message)

        job = self._window.runner.submit("keep", work)
        job.succeeded.connect(self._looked)

    def _looked(self, looked: _Looked) -> None:
        if not looked.refusal:
            self.keeping.key = self.keeping.key or looked.key
        if looked.study in self._settled:
            return
        if looked.found is not None:
            self._offered[looked.study] = looked.found
        elif not looked.refusal:
            self._settled.add(looked.study)
        if looked.study != self._on_screen():
            return
        if looked.found is not None:
            self._offer(looked.study)
        elif looked.refusal:
            again = "Passphrase…" if self._store.kind_of(looked.study) == PassphraseKey.kind else "Try again"
            self._ask("unlock", looked.refusal, again, "Discard")

    def _offer(self, study: str) -> None:
        found = self._offered[study]
        older = " The newest copy is damaged; this is the one before." if found.is_older else ""
        self._ask("restore", f"Restore work of {moment(found.work.time)}?{older}", "Restore", "Discard")

    def _restore(self, study: str) -> None:
        work = self._offered.pop(study).work
        self._settled.add(study)
        self.keeping.came_back(work)
        self._waiting[study] = work.decisions
        try:
            left = self._session.restore(work)
        except MedviewerError as error:
            self._window.notices.problem(error.sentence())
            return
        self._give_decisions(self._session.state)
        self._window.notices.note(self._restored_words(study, left))

    def _restored_words(self, study: str, left: int) -> str:
        said = ["Your work is restored."]
        waiting = len(self._waiting.get(study, ()))
        if waiting:
            what = "1 decision waits" if waiting == 1 else f"{waiting} decisions wait"
            said.append(f"{what} for the analysis to say the same again.")
        if left:
            what = "1 piece belongs" if left == 1 else f"{left} pieces belong"
            said.append(f"{what} to images that are not open.")
        return " ".join(said)

    def _give_decisions(self, state: State) -> None:
        """Decisions that were restored reach their findings as soon as these are there."""
        study = self._on_screen()
        waiting = self._waiting.get(study, ())
        if waiting and state.results:
            self._waiting[study] = self._session.restore_decisions(waiting)

    def _on_screen(self) -> str:
        state = self._session.state
        return study_key(state.patient, state.study) if state.patient and state.study else ""

    # --- answers -----------------------------------------------------------------------------------------

    def _ask(self, what: str, sentence: str, yes: str, no: str) -> None:
        self._asked = what
        self.bar.ask(sentence, yes, no)

    def _yes(self) -> None:
        asked, self._asked = self._asked, ""
        study = self._on_screen()
        if asked == "restore" and study in self._offered:
            self._restore(study)
        elif asked == "passphrase":
            self._ask_passphrase(new=True)
        elif asked == "unlock" and self._store.kind_of(study) == PassphraseKey.kind:
            self._ask_passphrase(new=False)
        elif asked == "unlock":
            self._look(study, None)

    def _no(self) -> None:
        asked, self._asked = self._asked, ""
        study = self._on_screen()
        if asked == "passphrase":
            self.keeping.without = True
            self.keeping.drop()
        elif study:
            self._store.discard(study)
            self._offered.pop(study, None)
            self._settled.add(study)
            self._note_work(self._session.state)

    def _ask_passphrase(self, *, new: bool) -> None:
        from medviewer.ui.dialogs.passphrase import Passphrase  # not needed to start the window

        dialog = Passphrase(self._window, new=new)
        dialog.given.connect(self._set_passphrase if new else self._unlock)
        dialog.rejected.connect(self._ask_again)
        self._window.commands.show_dialog(dialog)

    def _ask_again(self) -> None:
        """The dialog was closed without a passphrase: what was asked is asked again."""
        if self._on_screen() in self._settled:
            self._want_key()
        else:
            self._study_came(self._session.state)

    def _set_passphrase(self, text: str) -> None:
        self.keeping.key = PassphraseKey(text)
        self.keeping.write()

    def _unlock(self, text: str) -> None:
        self._look(self._on_screen(), PassphraseKey(text))

    # --- the end -----------------------------------------------------------------------------------------

    def _end(self) -> None:
        """The window closes: what is pending is written now, after any job that still writes."""
        self._window.runner.shutdown()
        self._end_listening()
        self.keeping.write_last()
        self._store.claims.let_all_go()
