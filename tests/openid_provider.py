"""An OpenID provider on loopback, as Hugging Face is one: discovery, authorize, token, keys.

It checks what a provider must: the client and its secret, the redirect address, PKCE, and that
a code is used once. Whoever is sent to it is signed in there as `account` already.
"""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Header, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID = "the study's client"
CLIENT_SECRET = "the study's client secret"


@dataclass
class OpenIdProvider:
    """Who is signed in there, and what went over the wire."""

    account: str = "account-of-anna"
    nonce: str | None = None
    """Put into tokens in place of the one that was asked for."""
    gives_id_tokens: bool = True
    asked: list[dict[str, str]] = field(default_factory=list)
    """Parameters of each request to authorize."""
    _key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> FastAPI:
        """The routes, under the address at which they are asked."""
        app = FastAPI(openapi_url=None)
        app.get("/.well-known/openid-configuration")(self._discover)
        app.get("/oauth/authorize")(self._authorize)
        app.post("/oauth/token")(self._exchange)
        app.get("/oauth/jwks")(self._keys)
        return app

    def _discover(self, request: Request) -> dict[str, Any]:
        base = str(request.base_url).rstrip("/")
        return {
            "issuer": base,
            "authorization_endpoint": f"{base}/oauth/authorize",
            "token_endpoint": f"{base}/oauth/token",
            "jwks_uri": f"{base}/oauth/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _authorize(self, request: Request) -> RedirectResponse:
        given = dict(request.query_params)
        self.asked.append(given)
        if given["client_id"] != CLIENT_ID or given["code_challenge_method"] != "S256":
            raise HTTPException(400, "expected the known client, with PKCE")
        code = secrets.token_urlsafe(16)
        self._codes[code] = given | {"account": self.account}
        back = urlencode({"code": code, "state": given["state"]})
        return RedirectResponse(f"{given['redirect_uri']}?{back}", status_code=302)

    def _exchange(
        self,
        request: Request,
        code: str = Form(),
        redirect_uri: str = Form(),
        code_verifier: str = Form(),
        authorization: str = Header(),
    ) -> Any:
        expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if authorization != f"Basic {expected}":
            return JSONResponse({"error": "invalid_client"}, 401)
        given = self._codes.pop(code, None)
        digest = hashlib.sha256(code_verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            given is None
            or given["redirect_uri"] != redirect_uri
            or given["code_challenge"] != challenge
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        answer = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer"}
        if self.gives_id_tokens:
            answer["id_token"] = self._id_token(str(request.base_url).rstrip("/"), given)
        return answer

    def _id_token(self, issuer: str, given: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": issuer,
            "aud": CLIENT_ID,
            "sub": given["account"],
            "nonce": self.nonce or given["nonce"],
            "iat": now,
            "exp": now + 600,
        }
        return jwt.encode({"alg": "RS256", "kid": "1"}, claims, self._key)

    def _keys(self) -> dict[str, Any]:
        return {"keys": [self._key.as_dict(private=False)]}
