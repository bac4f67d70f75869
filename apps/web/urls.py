"""The addresses of the pages."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from apps.web.views import boards, home

app_name = "web"

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", home.SignInView.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(next_page="web:home"), name="sign-out"),
    path("boards/<uuid:contest_id>/", boards.board, name="board"),
]
