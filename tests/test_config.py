"""Settings without the command line: where home is, what is declared, how files are read and written."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from memcli import config, home
from memcli.config import Config, load
from memcli.errors import ConfigError, UsageError
from memcli.home import Home, find_home


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    """And every default passes its own check."""
    loaded = load(tmp_path / "absent.toml", {})
    assert loaded == config.Loaded(Config(), {}, ())
    for setting in config.show(loaded):
        assert setting.value == setting.default
        assert config.DECLARED[setting.key].metadata["check"](setting.default) == ""
        assert setting.meaning


def test_every_setting_can_be_written_and_read_back(tmp_path: Path) -> None:
    """As a person would type it."""
    file = tmp_path / "config.toml"
    for key, declared in config.DECLARED.items():
        typed = declared.default if isinstance(declared.default, str) else json.dumps(declared.default)
        assert config.set_value(file, key, typed).value == declared.default, key
    loaded = load(file, {})
    assert loaded.config == Config()
    assert set(loaded.origins) == set(config.DECLARED)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """An empty variable counts for nothing."""
    file = tmp_path / "config.toml"
    file.write_text('space = "file"\nuser = "file"\n')
    loaded = load(file, {"MEMCLI_SPACE": "environment", "MEMCLI_USER": ""})
    assert (loaded.config.space, loaded.config.user) == ("environment", "file")
    assert dict(loaded.origins) == {"space": "MEMCLI_SPACE", "user": "file"}


def test_whole_numbers_serve_where_fractions_do(tmp_path: Path) -> None:
    """But not the other way round."""
    file = tmp_path / "config.toml"
    file.write_text("[search]\nmin_score = 1\n")
    assert repr(load(file, {}).config.search.min_score) == "1.0"
    file.write_text("[search]\nlimit = 1.0\n")
    with pytest.raises(ConfigError, match=r"search\.limit must be a whole number"):
        load(file, {})


@pytest.mark.parametrize(
    ("environ", "config_dir", "data_dir"),
    [
        ({"MEMCLI_HOME": "/m"}, "/m", "/m"),
        ({"MEMCLI_HOME": "/m", "XDG_DATA_HOME": "/d"}, "/m", "/m"),
        ({"XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d"}, "/c/memcli", "/d/memcli"),
    ],
)
def test_home_is_where_the_variables_say(environ: dict[str, str], config_dir: str, data_dir: str) -> None:
    """MEMCLI_HOME for everything, else the XDG directories."""
    assert find_home(None, environ) == Home(Path(config_dir) / "config.toml", Path(data_dir))
    assert find_home("/named", environ) == Home(Path("/named/config.toml"), Path("/named"))


def test_relative_xdg_directories_are_ignored(tmp_path: Path) -> None:
    """As their specification wants."""
    relative = find_home(None, {"XDG_CONFIG_HOME": "c", "XDG_DATA_HOME": "d"})
    assert relative == find_home(None, {})
    assert relative.data.is_absolute()


def test_a_home_may_be_relative_or_begin_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the same place wherever one goes later."""
    monkeypatch.chdir(tmp_path)
    assert find_home("x", {}).data == tmp_path / "x"
    assert find_home("~/x", {}).data == tmp_path / "nobody" / "x"


def test_a_store_and_the_models_are_below_the_data_directory() -> None:
    """As the contract says: PATH/config.toml and PATH/db."""
    home = find_home("/m", {})
    assert (home.config_file, home.store) == (Path("/m/config.toml"), Path("/m/db"))


def test_a_scope_takes_flags_before_settings() -> None:
    """And without a user in either, the login name."""
    settings = Config(space="work", user="ana")
    assert vars_of(settings.scope()) == ("work", "ana", "")
    assert vars_of(settings.scope("home", "bob", "bot")) == ("home", "bob", "bot")
    assert Config().scope().user == home.login_name() != ""


def vars_of(scope: Any) -> tuple[str, str, str]:
    """The three parts of *scope*."""
    return scope.space, scope.user, scope.agent


def test_a_typing_error_is_one_and_another_key_is_not(tmp_path: Path) -> None:
    """Only what looks like a known key is refused."""
    file = tmp_path / "config.toml"
    file.write_text("[servers]\nport = 1\n")
    assert load(file, {}).unknown == ((str(file), "servers.port"),)
    file.write_text("[search]\nlmit = 1\n")
    with pytest.raises(ConfigError, match=r"did you mean 'search\.limit'"):
        load(file, {})


def test_a_file_that_makes_no_sense_is_left_as_it_is(tmp_path: Path) -> None:
    """Whoever mends it finds it as it was written, with its comments."""
    file = tmp_path / "config.toml"
    file.write_text("# mine\n[search]\nlmit = 1\n")
    with pytest.raises(ConfigError, match=r"did you mean 'search\.limit'"):
        config.set_value(file, "space", "work")
    assert file.read_text() == "# mine\n[search]\nlmit = 1\n"
    file.write_text("[search]\nlimit = 'many'\n")
    assert config.set_value(file, "search.limit", "7").value == 7


@pytest.mark.parametrize("said", ["[" * 5_000, '{"a":' * 5_000])
def test_what_is_nested_beyond_all_measure_is_no_number(said: str) -> None:
    """It must not end what reads the environment."""
    with pytest.raises(ConfigError, match=r"^MEMCLI_LIMIT: search\.limit must be a whole number"):
        config.parse_value("search.limit", said, "MEMCLI_LIMIT")


def test_writing_leaves_no_half_written_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If it fails, the old file is as it was."""
    file = tmp_path / "config.toml"
    config.set_value(file, "space", "before")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConfigError, match="No space left"):
        config.set_value(file, "space", "after")
    assert tomllib.loads(file.read_text()) == {"space": "before"}


def test_a_section_that_is_no_table_is_refused(tmp_path: Path) -> None:
    """In reading as in writing."""
    file = tmp_path / "config.toml"
    file.write_text("search = 5\n")
    with pytest.raises(ConfigError, match="search must be a table"):
        config.set_value(file, "search.limit", "3")
    with pytest.raises(ConfigError, match="search must be a table"):
        load(file, {})


def test_a_key_nobody_knows_is_refused_with_the_nearest() -> None:
    """As a usage error."""
    with pytest.raises(UsageError, match=r"did you mean 'decay\.weight'"):
        config.parse_value("decay.wieght", "1")
