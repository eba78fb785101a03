"""The admin's formats for templates."""

from django import template

from apps.core import formats

register = template.Library()
register.filter("usd", formats.usd)
register.filter("count", formats.count)
register.filter("duration", formats.duration)
register.filter("moment", formats.moment)
