"""The log-book's plots, painted here: a share with its interval, counts as bars, a course over decisions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from medviewer.review.agreement import Agreement
from medviewer.ui import theme

DATA = "#56B4E9"
"""The first of the colours safe for colour-blind eyes."""
_ROW, _DOT, _MARGIN = 24, 4.0, 6
_LEFT, _BOTTOM, _TOP = 44, 34, 10


def _pen(colour: str, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    pen = QPen(QColor(colour) if colour.startswith("#") else theme.qcolour(colour), width, style)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


class IntervalBar(QWidget):
    """0 to 100 %: a dot where the share is, a line over its interval, a tick where the rule stops.

    Too few decisions draw the interval alone, hollow: no share is told.
    """

    def __init__(self, shown: Agreement, percent: int | None = None) -> None:
        super().__init__()
        self._shown, self._percent = shown, percent
        self.setMinimumSize(140, _ROW)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{shown.name}: {shown.words()}")

    def _x(self, share: float) -> float:
        return _MARGIN + share * (self.width() - 2 * _MARGIN)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Axis, rule, interval, share."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        painter.setPen(_pen("line"))
        painter.drawLine(QPointF(self._x(0), middle), QPointF(self._x(1), middle))
        for share in (0.0, 0.5, 1.0):
            painter.drawLine(QPointF(self._x(share), middle - 4), QPointF(self._x(share), middle + 4))
        if self._percent is not None:
            at = self._x(self._percent / 100)
            painter.setPen(_pen("attention", 1.0, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(at, 2), QPointF(at, self.height() - 2))
        if self._shown.decided:
            self._paint_share(painter, middle)
        painter.end()

    def _paint_share(self, painter: QPainter, middle: float) -> None:
        low, high = self._shown.interval
        few = self._shown.is_few
        painter.setPen(_pen("muted" if few else DATA, 1.5 if few else 3.0))
        painter.drawLine(QPointF(self._x(low), middle), QPointF(self._x(high), middle))
        if not few and self._shown.share is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.qcolour("text"))
            painter.drawEllipse(QPointF(self._x(self._shown.share), middle), _DOT, _DOT)


class CountBars(QWidget):
    """Words and how often, the most frequent first: bars beside their words, the number at the end."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: tuple[tuple[str, int], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_counts(self, counts: Sequence[tuple[str, int]], most: int = 6) -> None:
        """Show these, all past the first ``most`` summed up as "other words"."""
        shown, rest = list(counts[:most]), counts[most:]
        if rest:
            shown.append((f"{len(rest)} other reasons", sum(count for _, count in rest)))
        self._counts = tuple(shown)
        self.setAccessibleName("; ".join(f"{words}: {count}" for words, count in shown))
        self.setFixedHeight(max(1, len(shown)) * _ROW)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Rows."""
        del event
        painter = QPainter(self)
        painter.setFont(theme.font())
        words_px, number_px = self.width() * 0.5, 36
        longest = max((count for _, count in self._counts), default=1)
        for k, (words, count) in enumerate(self._counts):
            top = k * _ROW
            shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, int(words_px) - 8)
            painter.setPen(theme.qcolour("text"))
            painter.drawText(QRectF(0, top, words_px, _ROW), int(Qt.AlignmentFlag.AlignVCenter), shown)
            wide = (self.width() - words_px - number_px) * count / longest
            painter.fillRect(QRectF(words_px, top + 7, max(2.0, wide), _ROW - 14), theme.qcolour("muted"))
            place = QRectF(words_px + max(2.0, wide) + 8, top, number_px, _ROW)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), str(count))
        painter.end()


class CourseChart(QWidget):
    """The accepted share of the last so many findings, decision by decision; dashed where the rule stops."""

    def __init__(self) -> None:
        super().__init__()
        self._points: tuple[tuple[int, float], ...] = ()
        self._window, self._decided = 20, 0
        self._percent: int | None = None
        self.setMinimumHeight(180)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_course(
        self, points: Sequence[tuple[int, float]], window: int, percent: int | None, decided: int
    ) -> None:
        """``points``: (decided so far, share)."""
        self._points, self._window, self._percent = tuple(points), window, percent
        self._decided = decided
        self.setAccessibleName(self._words())
        self.update()

    def _words(self) -> str:
        if not self._points:
            return f"{self._decided} of {self._window} decided: a course begins with the {self._window}th."
        return f"Accepted of the last {self._window}, now {round(100 * self._points[-1][1])} %."

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Axes, rule, line; or why there is none."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(11.5))
        if not self._points:
            painter.setPen(theme.qcolour("muted"))
            painter.drawText(QRectF(self.rect()), int(Qt.AlignmentFlag.AlignCenter), self._words())
        else:
            area = QRectF(_LEFT, _TOP, self.width() - _LEFT - 12, self.height() - _TOP - _BOTTOM)
            self._paint_axes(painter, area)
            self._paint_line(painter, area)
        painter.end()

    def _at(self, area: QRectF, decided: float, share: float) -> QPointF:
        first, last = self._window, max(self._points[-1][0], self._window + 1)
        across = (decided - first) / (last - first)
        return QPointF(area.left() + across * area.width(), area.bottom() - share * area.height())

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        for share in (0.0, 0.5, 1.0):
            left = QPointF(area.left(), area.bottom() - share * area.height())
            painter.setPen(_pen("line"))
            painter.drawLine(left, QPointF(area.right(), left.y()))
            painter.setPen(theme.qcolour("muted"))
            place = QRectF(0, left.y() - 8, _LEFT - 8, 16)
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(place, int(flags), f"{round(100 * share)}\u2009%")
        below = QRectF(area.left(), area.bottom() + 6, area.width(), 18)
        last = self._points[-1][0]
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft), str(self._window))
        if last > self._window:
            painter.drawText(below, int(Qt.AlignmentFlag.AlignRight), str(last))
        painter.drawText(below, int(Qt.AlignmentFlag.AlignHCenter), "findings decided, in order")
        if self._percent is not None:
            y = area.bottom() - self._percent / 100 * area.height()
            painter.setPen(_pen("attention", 1.0, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            place = QRectF(area.left() + 6, y + 2, 200, 16)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft), "stop below")

    def _paint_line(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(_pen(DATA, 1.5))
        painter.drawPolyline(QPolygonF([self._at(area, *point) for point in self._points]))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.qcolour("text"))
        painter.drawEllipse(self._at(area, *self._points[-1]), _DOT, _DOT)
