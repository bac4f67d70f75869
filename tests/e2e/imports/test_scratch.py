from __future__ import annotations
import threading
from pathlib import Path
import pytest
from django.db import connection
from playwright.sync_api import sync_playwright
from apps.operations.services.bootstrap import start_first_time
from tests.e2e.imports.worker import running_worker
pytestmark = pytest.mark.django_db(transaction=True)
OUT = Path("/tmp/shots")
def test_shots(live_server, settings, tmp_path):
    OUT.mkdir(exist_ok=True)
    location = {"OPTIONS": {"location": str(tmp_path / "media")}}
    settings.STORAGES = settings.STORAGES | {"files": settings.STORAGES["files"] | location}
    box=[]
    def make():
        box.append(start_first_time(email="olivia@podium.example", password="a-long-test-password-1", demo=True)); connection.close()
    t=threading.Thread(target=make); t.start(); t.join()
    import os
    with sync_playwright() as p:
        b = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = b.new_page(viewport={"width":1360,"height":860})
        logs=[]
        page.on("console", lambda m: logs.append(m.text))
        page.goto(live_server.url+"/admin/")
        page.fill("[name=username]", "olivia@podium.example"); page.fill("[name=password]", "a-long-test-password-1"); page.click("[type=submit]")
        page.goto(live_server.url+"/admin/core/job/"); page.screenshot(path=OUT/"list.png")
        page.click("text=Import competitions"); page.screenshot(path=OUT/"import.png")
        bad = tmp_path/"bad"; bad.mkdir()
        isu=Path("/work/shared/data/isu")
        for f in isu.glob("*.csv"):
            s=f.read_text()
            if f.name=="judge-scores.csv": s=s.replace(",J1,7.5",",J1,7.6",3).replace(",J2,8.0",",J22x,99",2)
            (bad/f.name).write_text(s)
        page.set_input_files("#id_files",[str(x) for x in bad.glob("*.csv")]); page.click("button:has-text('Import')")
        page.wait_for_selector("#faults"); page.screenshot(path=OUT/"bad.png")
        page.set_input_files("#id_files",[str(x) for x in isu.glob("*.csv")]); page.click("button:has-text('Import')")
        page.wait_for_selector("#job"); page.screenshot(path=OUT/"queued.png")
        with running_worker(tmp_path):
            page.wait_for_selector("#job[data-state=running] [role=progressbar]", timeout=60000)
            page.wait_for_timeout(1500)
            page.screenshot(path=OUT/"running.png")
            page.wait_for_selector("#job[data-state=succeeded]", timeout=60000)
            page.screenshot(path=OUT/"done.png")
        page.goto(live_server.url+"/admin/core/job/"); page.screenshot(path=OUT/"list2.png")
        print(logs)
        b.close()
