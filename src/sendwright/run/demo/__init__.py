"""``make demo``: a served sandbox, a receipt sent through HubSpot's own Python client, and where to see what happened.

The demo is a stranger to the program: ``house.py`` starts ``sendwright`` as anybody would, ``receipt.py`` speaks to it
by HTTP with the token that bootstrap gave, ``__main__.py`` tells what came of it. All that it keeps lies in one folder
(``var/demo``), and a second run goes on with it. It never reads the database itself.
"""
