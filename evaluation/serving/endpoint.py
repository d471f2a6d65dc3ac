"""Which server stands behind an address, and what it says of itself.

TGI and the local server answer /info; vLLM and other OpenAI-compatible servers have
/v1/models alone. How a request is put to each of them is in `chat_client.py`.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from study.errors import BadInput, ModelUnreachable

Protocol = Literal["tgi", "vllm", "openai"]

LOCAL_ROUTER = "warmth-audit-local"
"""What /info of the local server calls it; TGI's is `text-generation-router`."""

_LOCAL_ENGINE = "local server"
_SHARE = 0.75
# what vLLM decodes together unless it is told otherwise; it queues the rest and never says 429
_UNKNOWN_LIMIT = 256
# two full batches: more would only wait longer there
_LOCAL_LIMIT = 32
_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class EndpointInfo:
    """What answers at an address."""

    url: str
    """The address, without `/v1`."""
    model_id: str
    """The base model, as the server calls it."""
    engine: str
    """`tgi`, `local server`, `vllm`, or who owns the model by /v1/models."""
    version: str
    """Empty when the server does not tell."""
    dtype: str
    """Number format of the weights; empty when the server does not tell (TGI 3.3 does not)."""
    max_concurrent: int
    """Requests that the server takes at once."""
    protocol: Protocol
    """How sampling parameters are put to it."""

    @property
    def base_name(self) -> str:
        """The model name under which the base itself answers."""
        return "tgi" if self.protocol == "tgi" else self.model_id

    @property
    def most_at_once(self) -> int:
        """Requests that are given to it at once: a quarter of what it takes is left to others."""
        return min(int(self.max_concurrent * _SHARE), _LOCAL_LIMIT if self.is_local else 1 << 20)

    @property
    def is_local(self) -> bool:
        """Whether it is the local server of this project."""
        return self.engine == _LOCAL_ENGINE

    @property
    def description(self) -> str:
        """Engine, version and number format in one line, for `ServedModel.engine`."""
        return " ".join(part for part in (self.engine, self.version, self.dtype) if part)


def base_url(url: str) -> str:
    """The address of a server, without the `/v1` that some write behind it."""
    return url.rstrip("/").removesuffix("/v1").rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether an address is this machine's own, to which no proxy leads."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_info(url: str, api_key: str | None = None) -> EndpointInfo:
    """Ask a server what it is.

    Args:
        url: its address, with or without `/v1`.
        api_key: sent where the server asks for one.
    Raises:
        BadInput: the address has no http:// or https:// before it.
        ModelUnreachable: nothing answers there, or nothing that serves models.
    """
    url = base_url(url)
    if not url.lower().startswith(("http://", "https://")):
        raise BadInput(
            f"expected an address that begins with http:// or https://, got {url!r}; write "
            f"http://{url}, or correct the address"
        )
    try:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        with httpx.Client(
            base_url=url, timeout=_TIMEOUT_S, trust_env=not is_loopback(url), headers=headers
        ) as client:
            answered = client.get("/info")
            info = _json_object(answered) if answered.is_success else None
            if info is not None and "model_id" in info:
                return _of_tgi(url, info)
            models = _json_object(client.get("/v1/models").raise_for_status()) or {}
            version = client.get("/version")
            return _of_openai(url, models, _json_object(version) if version.is_success else None)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        remedy = "start it with `warmth-audit serve-models`, or correct the address"
        if isinstance(error, httpx.HTTPStatusError) and error.response.status_code in (401, 403):
            remedy = "set WARMTH_AUDIT_ENDPOINT_KEY to a key that it accepts"
        raise ModelUnreachable(
            f"expected a model server at {url}, which does not answer as one "
            f"({_told(error)}); {remedy}"
        ) from error
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ModelUnreachable(
            f"expected a model server at {url}, but neither /info nor /v1/models there names a "
            "model; correct the address"
        ) from error


def _told(error: httpx.HTTPError | httpx.InvalidURL) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        # httpx adds a line on where statuses are explained
        return f"HTTP {error.response.status_code} at {error.request.url}"
    return str(error) or type(error).__name__


def _of_tgi(url: str, info: dict[str, Any]) -> EndpointInfo:
    router = str(info.get("router", ""))
    return EndpointInfo(
        url=url,
        model_id=str(info["model_id"]),
        engine=_LOCAL_ENGINE if router == LOCAL_ROUTER else "tgi",
        version=str(info.get("version") or ""),
        dtype=str(info.get("model_dtype") or ""),
        max_concurrent=int(info.get("max_concurrent_requests") or _UNKNOWN_LIMIT),
        protocol="tgi",
    )


def _of_openai(url: str, models: dict[str, Any], version: dict[str, Any] | None) -> EndpointInfo:
    first = models["data"][0]
    owner = str(first.get("owned_by") or "openai-compatible")
    return EndpointInfo(
        url=url,
        model_id=str(first["id"]),
        engine=owner,
        version=str((version or {}).get("version") or ""),
        dtype="",
        max_concurrent=_UNKNOWN_LIMIT,
        protocol="vllm" if owner == "vllm" else "openai",
    )


def _json_object(response: httpx.Response) -> dict[str, Any] | None:
    try:
        content = response.json()
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def is_healthy(url: str) -> bool:
    """Whether a server says that it can answer; TGI tries its model for that. One that has no
    such route says nothing, which is no yes."""
    try:
        with httpx.Client(timeout=_TIMEOUT_S, trust_env=not is_loopback(url)) as client:
            return client.get(f"{url}/health").is_success
    except httpx.HTTPError:
        return False
