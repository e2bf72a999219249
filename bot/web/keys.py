"""Typed keys of what the aiohttp application holds."""

from aiohttp import web

from bot.conversations import Conversations
from bot.feedback import Feedback
from bot.settings import Settings
from bot.watching.health import Health
from bot.watching.metrics import Metrics
from bot.web.limits import Limits
from bot.web.render import Pages

SETTINGS = web.AppKey("settings", Settings)
CONVERSATIONS = web.AppKey("conversations", Conversations)
LIMITS = web.AppKey("limits", Limits)
PAGES = web.AppKey("pages", Pages)
HEALTH = web.AppKey("health", Health)
FEEDBACK = web.AppKey("feedback", Feedback)
METRICS = web.AppKey("metrics", Metrics)
