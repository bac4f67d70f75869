"""The addresses of the pages."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from apps.web.views import boards, home, judging, mail, passwords, recycle_bin, tally

app_name = "web"

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", home.SignInView.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(next_page="web:home"), name="sign-out"),
    path("password/", passwords.ask, name="forgotten"),
    path("password/<uuid:user_id>/<str:token>/", passwords.choose, name="password"),
    path("mail/unsubscribe/<str:token>/", mail.unsubscribe, name="unsubscribe"),
    path("boards/<uuid:contest_id>/", boards.board, name="board"),
    path("judge/", judging.seats, name="seats"),
    path("judge/<uuid:assignment_id>/", judging.seat, name="seat"),
    path("judge/<uuid:assignment_id>/<uuid:entry_id>/", judging.card, name="card"),
    path("bin/", recycle_bin.bins, name="bins"),
    path("bin/<slug:slug>/", recycle_bin.bin_of, name="bin"),
    path("bin/<slug:slug>/<uuid:deletion_id>/", recycle_bin.deletion, name="deletion"),
    path("tally/<uuid:contest_id>/", tally.room, name="tally"),
    *(
        path(f"tally/<uuid:contest_id>/{step}/", tally.take, {"step": step}, name=f"tally-{step}")
        for step in tally.STEPS
    ),
]
