"""The model gateway: every model call of the product goes through here.

``completion`` (what is asked and answered), ``tiers`` (what ``models.yaml`` says) with ``choice``
(which provider ``auto`` means), ``gateway`` (the calls) with ``wire`` (to and from the provider's
format), ``tool_names``, ``failures`` (whose fault it was), ``pace`` (rate limits) and ``library``
(the only place that imports litellm). The demonstration model is ``demonstration`` with
``dialogue`` (its scripts), ``template``, ``conversation`` (what it reads from a prompt) and
``unscripted`` (what it does without a script).
"""
