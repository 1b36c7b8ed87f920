"""A job that could not be answered, and why."""


class JobFailure(Exception):
    """Carries the failure record: ``kind`` (see ``bytedoc.errors``), ``message`` and details."""

    def __init__(self, kind, message, **details):
        super().__init__(message)
        self.record = dict(details, kind=kind, message=message)
