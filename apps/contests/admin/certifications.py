"""Certifications in the admin: read, and verified."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.timezone import localtime
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from apps.accounts.enums import Role
from apps.contests.admin.parts import shown_json
from apps.contests.models import Certification, Contest
from apps.contests.policies import reads_all_marks
from apps.contests.selectors.certification import verify_certification
from apps.contests.selectors.sign_off import sign_off_steps
from apps.core.access import Capability
from apps.core.errors import PodiumError
from apps.core.softdelete.admin import access_of
from apps.core.softdelete.editing import FoundAdmin

SHORT = 12


@admin.register(Certification)
class CertificationAdmin(FoundAdmin):
    """Frozen results and who signed them. Nobody changes one here or anywhere."""

    list_display = ["contest_name", "number", "badge", "short_digest", "certified_at", "published_at", "voided_at"]
    list_filter = [("voided_at", admin.EmptyFieldListFilter), "certified_at"]
    list_fullwidth = True
    search_fields = ["contest_name", "digest"]
    ordering = ["-id"]
    actions_detail = ["contest", "verify"]
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["contest_name", "number", "badge", "certified_at", "published_at", "signers"]}),
        ("SHA-256", {"fields": ["whole_digest", "whole_signed", "whole_previous"]}),
        ("Correction", {"classes": ["tab"], "fields": ["superseded", "erratum"]}),
        ("Voided", {"classes": ["tab"], "fields": ["voider", "voided_at", "void_reason"]}),
        ("Document", {"classes": ["tab"], "fields": ["shown_document", "correlation_id"]}),
    ]
    readonly_fields = [
        "badge",
        "signers",
        "superseded",
        "voider",
        "whole_digest",
        "whole_signed",
        "whole_previous",
        "shown_document",
    ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Certification | None = None) -> bool:
        return access_of(request).allows(Capability.VIEW, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Certification | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Certification | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Certification]:
        """Without their documents, which are long."""
        certifications: models.QuerySet[Certification] = Certification.objects.order_by(*self.get_ordering(request))
        return certifications.defer("document").annotate(voider_name=Subquery(_name_of("voided_by")))

    def get_fieldsets(self, request: HttpRequest, obj: Certification | None = None) -> Any:
        """The document holds every mark: it is for those who read them."""
        left_out = set() if reads_all_marks(access_of(request)) else {"Document"}
        if obj is not None and obj.voided_at is None:
            left_out.add("Voided")
        if obj is not None and obj.supersedes is None:
            left_out.add("Correction")
        return [fieldset for fieldset in super().get_fieldsets(request, obj) if fieldset[0] not in left_out]

    @display(description="State", label={"In force": "success", "Voided": "danger"})  # type: ignore[untyped-decorator]
    def badge(self, certification: Certification) -> str:
        """Whether it is in force."""
        return "Voided" if certification.voided_at else "In force"

    @admin.display(description="SHA-256", ordering="digest")
    def short_digest(self, certification: Certification) -> str:
        """The beginning of the digest."""
        return f"{certification.digest[:SHORT]}…"

    @admin.display(description="Signed by")
    def signers(self, certification: Certification) -> str:
        """Whose signatures there are: addresses, or ids where people were erased."""
        signatures = certification.signatures.annotate(name=Subquery(_name_of("signed_by"))).order_by("place")
        return format_html_join(
            mark_safe("<br>"),
            "{}: {}, {}",
            (
                (Role(one.role).label, one.name or one.signed_by, localize(localtime(one.signed_at)))
                for one in signatures
            ),
        )

    @admin.display(description="Supersedes")
    def superseded(self, certification: Certification) -> str:
        """The published certification that this one corrects."""
        url = reverse("admin:contests_certification_change", args=[certification.supersedes])
        return format_html('<a class="underline" href="{}">{}</a>', url, certification.supersedes)

    @admin.display(description="Digest that was signed")
    def whole_signed(self, certification: Certification) -> str:
        """SHA-256 of the document without its signatures."""
        return certification.result_digest

    @admin.display(description="Voided by", empty_value="—")
    def voider(self, certification: Any) -> str | None:
        """Who took it back."""
        name: str | None = certification.voider_name
        return name or certification.voided_by

    @admin.display(description="Digest")
    def whole_digest(self, certification: Certification) -> str:
        """SHA-256 of the document's canonical JSON."""
        return certification.digest

    @admin.display(description="Digest before")
    def whole_previous(self, certification: Certification) -> str:
        """The digest of the contest's certification before, which this one names."""
        return certification.previous_digest or "None: it is the contest's first."

    @admin.display(description="What was signed")
    def shown_document(self, certification: Certification) -> str:
        """Ids, rules, marks and standings."""
        return shown_json(certification.document)

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """What is in force can be verified."""
        certification = self.get_object(request, object_id)
        contest = _contest_of(certification) if certification else None
        names = {"contest"} if contest else set()
        if contest and certification is not None and certification.voided_at is None:
            names.add("verify")
        return [action for action in self._get_base_actions_detail() if action.method.original_function_name in names]

    @action(description="Contest", icon="trophy")  # type: ignore[untyped-decorator]
    def contest(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the contest."""
        certification = self._require(request, object_id)
        return HttpResponseRedirect(reverse("admin:contests_contest_change", args=[certification.contest_id]))

    @action(description="Verify", icon="fact_check", variant=ActionVariant.PRIMARY)  # type: ignore[untyped-decorator]
    def verify(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Compute the result again from the stored marks, and show whether the digest holds."""
        certification = self._require(request, object_id)
        back = reverse("admin:contests_certification_change", args=[certification.pk])
        contest = _contest_of(certification)
        if contest is None or certification.voided_at is not None:
            messages.error(request, "Only a certification in force can be verified.")
            return HttpResponseRedirect(back)
        try:
            verification = verify_certification(contest)
        except PodiumError as error:
            messages.error(request, error.detail)
            return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Verification of {certification}",
            "opts": self.opts,
            "original": certification,
            "verification": verification,
            "checks": [
                ("The document has the certified digest", verification.document_intact),
                (
                    "It is signed by different people, in the order of the chain",
                    verification.signatures_intact,
                ),
                ("It and all certifications before it are one chain", verification.chain_intact),
                ("The stored marks, rules and standings give the same document", verification.rows_intact),
                ("The erratum says what was signed, but for people who were erased", verification.erratum_intact),
            ],
            "shows_values": reads_all_marks(access_of(request)),
            "back": back,
        }
        return TemplateResponse(request, "contests/admin/verification.html", context)

    def _require(self, request: HttpRequest, object_id: str) -> Certification:
        certification: Certification | None = self.get_object(request, object_id)
        if certification is None:
            raise Http404("There is no such certification, or none that you may see.")
        return certification


def _contest_of(certification: Certification) -> Contest | None:
    found: Contest | None = Contest.objects.filter(pk=certification.contest_id).first()
    return found


def _name_of(field: str) -> models.QuerySet[Any]:
    people = get_user_model()
    found: models.QuerySet[Any] = people._base_manager.filter(pk=OuterRef(field))
    return found.values(people.USERNAME_FIELD)[:1]


def sign_off_lines(contest: Contest) -> list[dict[str, Any]]:
    """The sign-off chain for reading: which role, and who signed when."""
    steps = sign_off_steps(contest)
    signers = [step.signature.signed_by for step in steps if step.signature is not None]
    names = dict(get_user_model()._base_manager.filter(pk__in=signers).values_list("pk", "email"))
    return [
        {
            "role": Role(step.role).label,
            "signer": names.get(step.signature.signed_by, step.signature.signed_by) if step.signature else None,
            "signed_at": step.signature.signed_at if step.signature else None,
        }
        for step in steps
    ]
