"""Settings: flags, then environment, then file, then defaults; what is wrong is named, secrets are not shown."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sendwright.run.settings import BadSettings, HostPort, Role, Settings, load


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "sendwright.toml"
    file.write_text('route = "mx"\ndelivery_slots = 7\nhttp = "127.0.0.1:7000"\n')
    return file


def only_fault(flags: dict[str, Any] | None = None, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(BadSettings) as caught:
        load(flags or {}, environment or {}, None)
    return str(caught.value)


def test_without_anything_the_defaults_are_safe():
    settings = load({}, {}, None)
    assert (settings.route.get_secret_value(), settings.http, settings.roles) == (
        "sandbox", HostPort(host="127.0.0.1", port=8080), frozenset(Role)
    )  # fmt: skip
    assert not settings.allow_private_mx


def test_the_file_is_stronger_than_the_defaults(config: Path):
    assert load({}, {}, config).delivery_slots == 7


def test_the_environment_is_stronger_than_the_file(config: Path):
    assert load({}, {"SENDWRIGHT_DELIVERY_SLOTS": "8"}, config).delivery_slots == 8


def test_a_flag_is_stronger_than_the_environment(config: Path):
    flags = {"http": "127.0.0.1:9000"}
    assert load(flags, {"SENDWRIGHT_HTTP": "127.0.0.1:8000"}, config).http.port == 9000


def test_a_flag_that_was_not_given_changes_nothing(config: Path):
    assert load({"route": None}, {}, config).route.get_secret_value() == "mx"


def test_the_environment_may_name_the_file(config: Path):
    assert load({}, {"SENDWRIGHT_CONFIG": str(config)}, None).delivery_slots == 7


def test_the_flag_for_the_file_is_stronger_than_the_environment(config: Path, tmp_path: Path):
    other = tmp_path / "other.toml"
    other.write_text("delivery_slots = 9\n")
    assert load({}, {"SENDWRIGHT_CONFIG": str(other)}, config).delivery_slots == 7


def test_variables_of_other_programs_are_left_alone():
    assert load({}, {"HTTP": "nonsense", "PATH": "/bin"}, None) == load({}, {}, None)


# --- what is not known


def test_an_unknown_variable_is_refused_with_the_near_name():
    assert only_fault(environment={"SENDWRIGHT_DELIVERY_SLOT": "1"}) == (
        "unknown setting 'delivery_slot' in the environment. Did you mean delivery_slots?"
    )


def test_an_unknown_key_of_the_file_is_refused_with_the_near_name(tmp_path: Path):
    file = tmp_path / "a.toml"
    file.write_text('rout = "mx"\n')
    with pytest.raises(BadSettings, match=r"unknown setting 'rout' in .*a\.toml\. Did you mean route\?"):
        load({}, {}, file)


def test_a_name_that_is_near_to_none_is_sent_to_the_reference():
    assert "docs/reference/settings.md" in only_fault(environment={"SENDWRIGHT_ZZZZZZ": "1"})


def test_a_secret_in_an_unknown_variable_is_not_repeated():
    assert "hunter2" not in only_fault(environment={"SENDWRIGHT_DATABASE_PASSWORD": "hunter2"})


# --- files


def test_a_secret_may_come_from_a_file(tmp_path: Path):
    file = tmp_path / "key"
    file.write_text("the secret\n")
    settings = load({}, {"SENDWRIGHT_SECRET_KEY_FILE": str(file)}, None)
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == "the secret"


def test_a_file_of_a_secret_that_is_not_there_is_named():
    assert only_fault(environment={"SENDWRIGHT_SECRET_KEY_FILE": "/nowhere/key"}).startswith(
        "SENDWRIGHT_SECRET_KEY_FILE names a file that cannot be read: "
    )


def test_a_file_for_an_unknown_setting_is_refused(tmp_path: Path):
    file = tmp_path / "key"
    file.write_text("x")
    assert "unknown setting 'secret'" in only_fault(environment={"SENDWRIGHT_SECRET_FILE": str(file)})


def test_a_settings_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(BadSettings, match=r"cannot read the settings file .*missing\.toml"):
        load({}, {}, tmp_path / "missing.toml")


def test_a_settings_file_that_is_no_toml_is_named(tmp_path: Path):
    (tmp_path / "bad.toml").write_text("route = = 1")
    with pytest.raises(BadSettings, match=r"cannot read the settings file .*bad\.toml"):
        load({}, {}, tmp_path / "bad.toml")


# --- values


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("http", "8080", "give HOST:PORT"),
        ("http", "127.0.0.1:abc", "give HOST:PORT"),
        ("http", "127.0.0.1:70000", "65535"),
        ("roles", "http,nothing", "roles"),
        ("public_url", "mail.example.com", "give a whole address"),
        ("log_level", "loud", "give debug, info, warning or error"),
        ("delivery_slots", "0", "greater than or equal to 1"),
        ("delivery_slots", "many", "integer"),
        ("mx_port", "0", "greater than or equal to 1"),
        ("in_doubt_wait", "soon", "duration"),
        ("allow_private_mx", "maybe", "boolean"),
    ],
)
def test_a_bad_value_is_named_by_its_flag(name: str, value: str, says: str):
    fault = only_fault({name: value})
    assert fault.startswith(f"--{name.replace('_', '-')}")
    assert says in fault


def test_several_bad_values_are_all_named():
    fault = only_fault({"http": "x", "mx_port": "0"})
    assert "--http" in fault
    assert "--mx-port" in fault


def test_a_bad_secret_is_not_repeated():
    assert "hunter2" not in only_fault({"secret_key": ["hunter2"]})


def test_roles_are_given_by_commas():
    assert load({"roles": "http, delivery,"}, {}, None).roles == {Role.HTTP, Role.DELIVERY}


def test_an_ipv6_address_is_given_in_brackets():
    listen = load({"http": "[::1]:8080"}, {}, None).http
    assert (listen.host, str(listen)) == ("::1", "[::1]:8080")


def test_a_waiting_time_is_given_as_iso_8601():
    assert load({"in_doubt_wait": "PT90S"}, {}, None).in_doubt_wait == timedelta(seconds=90)


def test_a_public_address_has_no_slash_at_its_end():
    assert load({"public_url": "https://mail.example.com/"}, {}, None).public_url == "https://mail.example.com"


def test_secrets_are_in_no_representation():
    settings = load(
        {"secret_key": "canary-key", "database": "postgresql://u:canary-pass@db/x", "route": "smtp://u:canary-relay@h:25"},
        {}, None,
    )  # fmt: skip
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert "canary" not in text


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_has_a_sentence(name: str):
    assert len(Settings.model_fields[name].description or "") > 10
