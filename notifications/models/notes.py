"""Why an alert was written that no checkpoint fired, or that replaces another."""

from __future__ import annotations

from django.db import models


class FollowUpNote(models.TextChoices):
    """Why the owner of a follow-up is alerted, the court of an alert that fell back, or an advocate."""

    REMINDED = "reminded", "Someone asks you to act on this follow-up"
    PASSED = "passed", "The next action has passed"
    UNREACHED = "unreached", "No one at an agency could be notified"
    #: To the advocate, who reaches the person in another way.
    NO_CLIENT = "no_client", "A message to your client did not arrive"
    NO_ANSWER = "no_answer", "Your client did not answer a message"
    STOPPED = "stopped", "Your client asked to stop the messages"
    #: To the protected person, by the second way that the person chose.
    SECOND = "second", "Sent by the second way, because the first one failed"
    #: To the advocates of an organization, about one of its releases.
    ENDING = "ending", "A release ends soon"
    #: Of a school, which not everyone may know of.
    NO_SCHOOL = "no_school", "No one at the school could be notified"

    @classmethod
    def about_follow_ups(cls) -> list[str]:
        """The reasons for which the owner of a follow-up is alerted."""
        return [cls.REMINDED.value, cls.PASSED.value]
