"""Applications, their keys, and the tokens of OAuth."""

from apps.access.admin import api_key, application, oauth  # noqa: F401  (they register themselves)
