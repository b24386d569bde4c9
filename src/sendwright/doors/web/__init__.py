"""Web pages for people: templates, the login and its session, what every page sends along.

A page is a function of a Starlette request that returns :func:`render`; it asks :meth:`Site.visitor` who is logged in.
Pages load nothing from elsewhere, run no inline script and are framed by nobody (a strict Content-Security-Policy says
so). Templates are in ``templates/`` and begin with ``{% extends "base.html" %}``, which wants ``visitor``; the files of
``static/`` are served at ``/static/``. A route that changes something calls :func:`check_form` first.

It never decides anything about mail and knows nothing of the API. Start in ``site.py``, then ``login.py``.
"""

from sendwright.doors.web.login import routes
from sendwright.doors.web.sandbox import sandbox_routes
from sendwright.doors.web.sandbox_address import sandbox_page_url
from sendwright.doors.web.site import Clock, Refused, Site, Visitor, check_form, login_redirect, render
from sendwright.doors.web.static import static_route

__all__ = [
    "Clock",
    "Refused",
    "Site",
    "Visitor",
    "check_form",
    "login_redirect",
    "render",
    "routes",
    "sandbox_page_url",
    "sandbox_routes",
    "static_route",
]
