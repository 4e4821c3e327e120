"""Where the reader of an alert about a release goes on: it has no page of its own."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from accounts.models import Role, User
from notifications.models import Alert, FollowUpNote
from notifications.services.contacts.contacts import releases_of


def page_of_release(user: User, public_id: UUID) -> str | None:
    """Return the address for the recipient of an alert about a release. Other alerts have their own."""
    found = Alert.objects.filter(public_id=public_id, recipient=user, order=None)
    alert = found.select_related("release", "release_request").first()
    if alert is None:
        return None
    if alert.release_request is not None:
        return reverse("release-requests" if Role.CLERK in user.roles else "releases-to-confirm")
    if alert.note != FollowUpNote.ENDING or alert.release is None:
        return None
    if not releases_of(user).filter(pk=alert.release.pk).exists():
        return reverse("releases")
    return f"{reverse('advocate-release', args=[alert.release.public_id])}#release"
