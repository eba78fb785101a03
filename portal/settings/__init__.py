"""Django's settings, arranged from the typed environment; each part is one concern."""

from portal.settings.base import *
from portal.settings.celery import *
from portal.settings.logging import *
from portal.settings.oauth import *
from portal.settings.rest import *
from portal.settings.security import *
from portal.settings.unfold import *
