"""The environment: every setting of the service, prefix MATCHING_; each is told in the README."""

import re
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.logos import logo_of

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS: Final = {"smtp": 587, "smtps": 465}
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class SmtpServer(BaseModel):
    """A mail server, as `smtp://user:password@host:587?starttls=require` or `smtps://…` say it."""

    model_config = ConfigDict(frozen=True)

    host: str
    port: int
    user: str = ""
    password: SecretStr = SecretStr("")
    tls_from_start: bool = False
    starttls: bool = True
    ca_file: str = ""

    @classmethod
    def of(cls, url: str) -> "SmtpServer":
        """Read an address; raises ValueError, which repeats nothing of it."""
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS.get(parts.scheme)
        except ValueError:  # tells a part of the address, which may be one of the password
            port = None
        if port is None or parts.scheme not in _PORTS or not parts.hostname or parts.path not in {"", "/"}:
            raise ValueError("must be like smtp://user:password@host:587?starttls=require, or smtps://user:password@host:465")
        asked = parse_qs(parts.query, keep_blank_values=True)
        starttls = asked.pop("starttls", ["require"])[-1]
        ca_file = asked.pop("ca", [""])[-1]
        if asked or starttls not in {"require", "never"}:
            raise ValueError("may say starttls=require or starttls=never, and ca=/path/of/certificates.pem, and nothing else after the ?")
        plain = parts.scheme == "smtp" and starttls == "never"
        if plain and parts.password and parts.hostname not in _LOOPBACK:
            raise ValueError("would send a password that everybody on the way can read; leave starttls=never out")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not (parts.hostname + user + password).isascii():
            raise ValueError("may hold ASCII characters alone: a login carries no others, and a host has a name that begins with xn--")
        return cls(
            host=parts.hostname,
            port=port,
            user=user,
            password=SecretStr(password),
            tls_from_start=parts.scheme == "smtps",
            starttls=parts.scheme == "smtp" and not plain,
            ca_file=ca_file,
        )


class EncoderChoice(BaseModel):
    """Which encoder, what the texts of each side begin with where its own files do not say, and the ranker file for it."""

    model_config = ConfigDict(frozen=True)

    name: str
    query_prompt: str = ""
    document_prompt: str = ""
    ranker: str = ""

    @property
    def prompts(self) -> dict[str, str]:
        """The prompts that were said, by what they stand before."""
        said = {"query": self.query_prompt, "document": self.document_prompt}
        return {role: prompt for role, prompt in said.items() if prompt}

    @property
    def folder_name(self) -> str:
        """The name of the folder of its export: other prompts give other vectors, and so another folder."""
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", self.name).strip("-.")
        said = "".join(f"{role}:{prompt}\n" for role, prompt in self.prompts.items())
        return f"{plain}-{sha256(said.encode()).hexdigest()[:8]}" if said else plain


class EncoderSwitch(BaseModel):
    """What `matching encoder switch` wrote down: while the environment says `said`, `used` is used; `before` is the way back."""

    model_config = ConfigDict(frozen=True)

    said: EncoderChoice
    used: EncoderChoice
    before: EncoderChoice


class Settings(BaseSettings):
    """All that an operator may choose."""

    model_config = SettingsConfigDict(env_prefix="MATCHING_", extra="ignore", frozen=True, hide_input_in_errors=True)

    home: Path = Field(default=Path("var"), description="Folder of the run state: database file, snapshots, encoder.")
    database_url: str = Field(default="", description="SQLAlchemy URL; empty means a SQLite file in the home folder.")
    database_pool: int = Field(
        default=10, ge=1, le=200, description="PostgreSQL connections that one process keeps; as many again for bursts."
    )
    broker_url: str = Field(default="", description="Redis URL of the service mode; empty means embedded: jobs run in the one process.")
    encoder: str = Field(default="all-MiniLM-L6-v2", description="Packaged name, local folder or hub id of the encoder to export.")
    encoder_query_prompt: str = Field(default="", description="What a need begins with, where the encoder's own files do not say.")
    encoder_document_prompt: str = Field(default="", description="What an innovation begins with, likewise.")
    cross_encoder: str = Field(default="", description="Local folder or hub id of the cross-encoder that a ranker file asks for.")
    encoder_threads: int = Field(default=1, ge=1, le=64, description="ONNX Runtime threads of one process.")
    ranker: str = Field(default="", description="Path of a ranker file; empty means the packaged one.")
    host: str = Field(default="127.0.0.1", description="Address that the server listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port that the server listens on.")
    service_name: str = Field(default="Needs and innovations", description="The name shown on every page.")
    logo: str = Field(default="", description="A PNG or SVG file shown beside that name; empty means none.")
    demo: bool = Field(default=False, description="Demo accounts are shown on the sign-in page; set by `matching run`.")
    undo_window_seconds: int = Field(default=600, ge=0, le=86_400, description="How long who decided may undo; a match is announced after.")
    session_hours: int = Field(default=12, ge=1, le=168, description="How long a sign-in lasts.")
    session_idle_minutes: int = Field(default=120, ge=5, le=10_080, description="How long a sign-in that nobody uses goes on.")
    secure_cookies: bool = Field(default=False, description="Send cookies over https only; set it behind a TLS proxy.")
    proposals_per_run: int = Field(default=20, ge=1, le=200, description="How many matches of one run are put before the Hub at most.")
    snapshot_after_changes: int = Field(default=500, ge=1, description="How many changed documents make a new snapshot due.")
    embed_batch_texts: int = Field(default=128, ge=1, le=256, description="How many texts are encoded together at most, in one job.")
    processes: int = Field(default=1, ge=1, le=64, description="API processes of `matching serve`; more than one only in service mode.")
    metrics_port: int = Field(default=0, ge=0, le=65535, description="Port on loopback where a worker tells its metrics; 0 means nowhere.")
    sweep_seconds: float = Field(default=30.0, gt=0, le=3600, description="How often forgotten work is looked for.")
    sign_in_attempts: int = Field(default=10, ge=1, description="Failed sign-ins to one account from one address within 15 minutes.")
    hosts: str = Field(
        default="", description="Host names that the service answers to, by comma; empty means any, which is for loopback alone."
    )
    reads_per_minute: int = Field(default=600, ge=0, description="Requests that read, of one key, person or address to one route; 0: any.")
    writes_per_minute: int = Field(default=120, ge=0, description="Requests that change something, likewise; 0: any number.")
    proxies: str = Field(
        default="", description="Addresses of our own proxies, by comma: what they say of where a request comes from is believed."
    )
    backup_folder: str = Field(default="", description="Folder of `matching backup` without a file; the doctor looks at its newest one.")
    audit_folder: str = Field(default="", description="Folder of the kept heads of the event chain; empty means audit in the home folder.")
    smtp_url: SecretStr = Field(
        default=SecretStr(""), description="The mail server, with its password; empty means that mails are written as files."
    )
    mail_from: str = Field(default="matching@localhost", description="Address that mails come from.")
    contact_email: str = Field(default="", description="How people reach you, told in every mail; empty means the address above.")
    public_url: str = Field(default="", description="Where people reach the service; empty means its own host and port.")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")

    link_sign_in: Literal["innovators", "all"] = Field(
        default="all", description="Who may sign in by a mailed link: innovators alone, or everybody with an account."
    )
    links_per_hour: int = Field(
        default=60, ge=0, description="Mails with a link, and answers begun without an account, of one network in an hour; 0: any number."
    )
    settled_days: int = Field(
        default=0, ge=0, le=36_500, description="After how many days what was archived or withdrawn is erased; 0: never."
    )
    unclaimed_days: int = Field(default=14, ge=1, le=90, description="How long answers are kept that nobody claims by their link.")

    @field_validator("log_level")
    @classmethod
    def known_level(cls, value: str) -> str:
        """Refuse a level that logging does not know."""
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @field_validator("smtp_url")
    @classmethod
    def readable_server(cls, value: SecretStr) -> SecretStr:
        """Refuse an address of a mail server that cannot be read, without repeating it."""
        if value.get_secret_value():
            SmtpServer.of(value.get_secret_value())
        return value

    @field_validator("logo")
    @classmethod
    def readable_logo(cls, value: str) -> str:
        """Refuse a file that cannot be shown as a logo."""
        logo_of(value)
        return value

    @field_validator("mail_from")
    @classmethod
    def plain_address(cls, value: str) -> str:
        """Refuse what is no plain e-mail address."""
        if not _ADDRESS.fullmatch(value):
            raise ValueError("must be a plain e-mail address like hub@example.nhs.uk, without a name")
        return value

    @field_validator("contact_email")
    @classmethod
    def plain_address_or_none(cls, value: str) -> str:
        """Refuse likewise, but nothing is fine."""
        return cls.plain_address(value) if value else ""

    @field_validator("public_url")
    @classmethod
    def web_address(cls, value: str) -> str:
        """Refuse what mails cannot link to."""
        if value and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
            raise ValueError("must begin with https:// or http:// and end with the host, or with a path")
        return value.rstrip("/")

    @property
    def smtp(self) -> SmtpServer | None:
        """The mail server; None where mails are written as files."""
        said = self.smtp_url.get_secret_value()
        return SmtpServer.of(said) if said else None

    @property
    def mail_folder(self) -> Path:
        """Where mails are written as files."""
        return self.home / "mail"

    @property
    def site(self) -> str:
        """What links in mails begin with."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def contact(self) -> str:
        """How people reach the Hub."""
        return self.contact_email or self.mail_from

    @property
    def service_mode(self) -> bool:
        """Whether jobs are run by workers that a broker tells; otherwise this process runs them."""
        return bool(self.broker_url)

    @property
    def url(self) -> str:
        """The database's URL; by default a SQLite file in the home folder."""
        return self.database_url or f"sqlite:///{self.home.resolve() / 'matching.sqlite'}"

    @property
    def switch_file(self) -> Path:
        """Where `matching encoder switch` writes down which encoder this home uses."""
        return self.home / "encoder" / "switched.json"

    @property
    def encoder_switch(self) -> EncoderSwitch | None:
        """The last switch; None when there was none, or when the environment has come to say something else since."""
        try:
            written = EncoderSwitch.model_validate_json(self.switch_file.read_bytes())
        except FileNotFoundError:
            return None
        return written if written.said == self.encoder_said else None

    @property
    def encoder_said(self) -> EncoderChoice:
        """The encoder and its ranker as the environment says them."""
        return EncoderChoice(
            name=self.encoder, query_prompt=self.encoder_query_prompt, document_prompt=self.encoder_document_prompt, ranker=self.ranker
        )

    @property
    def encoder_used(self) -> EncoderChoice:
        """The encoder that this home uses: what it was switched to, else what the environment says."""
        switched = self.encoder_switch
        return switched.used if switched else self.encoder_said

    @property
    def ranker_path(self) -> Path | None:
        """The ranker file in use; None for the packaged one."""
        used = self.encoder_used.ranker
        return Path(used) if used else None

    @property
    def rankers_folder(self) -> Path:
        """Where the rankers lie that were trained on decisions, a folder each."""
        return self.home / "rankers"

    @property
    def record_schemas(self) -> Path:
        """Where `matching schema install` keeps schemas of the national record."""
        return self.home / "record-schemas"

    @property
    def encoder_folder(self) -> Path:
        """Where the exported encoder in use lies; each has its own folder, so that a change can be taken back."""
        return self.folder_of(self.encoder_used)

    def folder_of(self, encoder: EncoderChoice) -> Path:
        """Where an exported encoder lies, or would."""
        return self.home / "encoder" / encoder.folder_name

    @property
    def cross_encoder_folder(self) -> Path | None:
        """Where the exported cross-encoder lies, or would; None when there is none by the settings."""
        return self.home / "cross-encoder" / EncoderChoice(name=self.cross_encoder).folder_name if self.cross_encoder else None

    @property
    def heads_folder(self) -> Path:
        """Where the heads of the event chain are kept outside the database."""
        return Path(self.audit_folder) if self.audit_folder else self.home / "audit"

    @property
    def snapshot_folder(self) -> Path:
        """Where the snapshots lie, one folder a side."""
        return self.home / "snapshots"


@lru_cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
