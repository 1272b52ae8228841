"""What the clocks of zones show, as pandas has it."""

import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sknumpynet.utils.zones import local_times, zone_name

pd = pytest.importorskip("pandas")

ZONES = ["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "-03:30"]


@pytest.mark.parametrize("zone", ZONES)
def test_clocks_are_those_of_pandas(zone):
    rng = np.random.default_rng(0)
    changes = np.datetime64("2024-03-31T00:00") + np.arange(0, 60 * 24 * 14, 7) - 60 * 24 * 7
    instants = np.append(rng.integers(0, 2**32, 500).astype("M8[s]"), changes)
    instants[::17] = np.datetime64("NaT")
    theirs = pd.Series(instants).dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)
    ours = local_times(instants.astype("M8[us]"), zone)
    np.testing.assert_array_equal(ours, theirs.to_numpy("M8[us]"))


def test_the_first_and_the_last_days_of_the_calendar():
    days = np.array(["0001-01-01", "9999-12-31T23:59"], "M8[us]")
    np.testing.assert_array_equal(local_times(days, "+02:00"), days + np.timedelta64(2, "h"))


class Zone(datetime.tzinfo):
    """Has no name."""

    def utcoffset(self, when):
        return None if when is None else datetime.timedelta(hours=1)


NAMES = {
    "UTC": (datetime.UTC, "UTC"),
    "key": (ZoneInfo("Europe/Paris"), "Europe/Paris"),
    "UTC's key": (ZoneInfo("Etc/UTC"), "UTC"),
    "offset": (datetime.timezone(datetime.timedelta(hours=-3, minutes=-30)), "-03:30"),
    "text": ("Asia/Tokyo", "Asia/Tokyo"),
    "none": (Zone(), "UTC"),
}


@pytest.mark.parametrize(("zone", "name"), NAMES.values(), ids=NAMES)
def test_names(zone, name):
    assert zone_name(zone) == name
