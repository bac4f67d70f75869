"""Mails: written when something happens, sent by workers."""
