from __future__ import annotations

import pytest
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from access.authentication import ApiKeyAuthentication, HasScope
from access.keys import issue_key, revoke_key

pytestmark = pytest.mark.django_db


class Whoami(APIView):
    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope("messages:send")]

    def get(self, request):
        return Response({"key": request.auth.name, "authenticated": request.user.is_authenticated})


def get(authorization=None):
    headers = {"Authorization": authorization} if authorization else {}
    return Whoami.as_view()(APIRequestFactory().get("/", headers=headers))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_a_key_needs_no_user_account(scheme, django_user_model):
    _, raw = issue_key(name="shop", scopes=["messages:send"])
    response = get(f"{scheme} {raw}")
    assert response.data == {"key": "shop", "authenticated": True}
    assert not django_user_model.objects.exists()


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer sgw_aaaaaaaa_nope", "Basic dXNlcjpwYXNz"])
def test_without_a_good_key_the_answer_asks_for_one(authorization):
    response = get(authorization)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.data["error"]["code"] == "api_key_invalid"


def test_a_revoked_key_is_told_so():
    key, raw = issue_key(name="shop", scopes=["messages:send"])
    revoke_key(key=key)
    response = get(f"Bearer {raw}")
    assert response.status_code == 401
    assert "revoked" in response.data["error"]["message"]


def test_a_key_without_the_scope_is_forbidden():
    _, raw = issue_key(name="shop", scopes=["messages:read"])
    response = get(f"Bearer {raw}")
    assert response.status_code == 403
    assert response.data["error"]["code"] == "scope_missing"
    assert "messages:send" in response.data["error"]["message"]
