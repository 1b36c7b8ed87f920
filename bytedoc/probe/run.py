"""The ``run`` view: execute an example as a script, and say how it ended."""

from . import program


def answer(job):
    """``{"exception", "imports", "input_read"}``; what was printed is added by the supervisor.

    An exception is ``expected`` when its class, or a base of it, is called as ``raises`` says.
    """
    namespace = program.prepare(job)
    raised = program.execute(job, namespace)
    if raised is not None:
        raised["expected"] = job.get("raises") in raised["bases"]
    return dict(program.aftermath(), exception=raised)
