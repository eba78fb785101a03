"""Settings of the tests: the same portal, with nothing of the developer's own in it.

The environment behind it is `env.for_tests`; the package has read it before this module runs.
"""

from portal.settings import *
from portal.settings.base import DATABASES, PORTAL_HOME

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "apps.access.hashers.RandomSecretHasher",
]

# A file and no memory database: threads then meet the locks of real life.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(PORTAL_HOME / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"

# A thread that ends would leave its connection open.
DATABASES["default"]["CONN_MAX_AGE"] = 0

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
