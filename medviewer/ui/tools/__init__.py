"""One small class for each mouse tool, and the table of them."""

from medviewer.ui.tools.angle import AngleTool
from medviewer.ui.tools.base import Host, Tool
from medviewer.ui.tools.brush import BrushTool
from medviewer.ui.tools.crosshair import CrosshairTool
from medviewer.ui.tools.ellipse import EllipseTool
from medviewer.ui.tools.length import LengthTool
from medviewer.ui.tools.note import NoteTool
from medviewer.ui.tools.pan import PanTool
from medviewer.ui.tools.scroll import ScrollTool
from medviewer.ui.tools.window import WindowTool
from medviewer.ui.tools.zoom import ZoomTool

_ALL: tuple[type[Tool], ...] = (
    WindowTool,
    ScrollTool,
    ZoomTool,
    PanTool,
    LengthTool,
    AngleTool,
    EllipseTool,
    NoteTool,
    CrosshairTool,
    BrushTool,
)
TOOLS: dict[str, type[Tool]] = {tool.name: tool for tool in _ALL}
"""Tool classes by name."""

__all__ = ["TOOLS", "Host", "Tool"]
