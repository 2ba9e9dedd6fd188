"""Programs start workflows and send events: HTTP with tokens that stand for people.

Read ``front`` (routes and errors), ``tokens`` (whose token it is), ``runs`` (workflows as paths),
``openapi`` (their description), ``events`` (CloudEvents), ``problem`` (errors), ``channel`` (the
courier's end, where nobody reads along).
"""
