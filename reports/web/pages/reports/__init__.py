"""Reports: built, downloaded, saved, shared and run by themselves."""

from __future__ import annotations

from reports.web.pages.reports import builder, files, saved, schedules, shared

PAGES = (builder.PAGE, files.PAGE, *saved.PAGES, schedules.PAGE, shared.PAGE)
