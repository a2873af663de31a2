"""The service. Arrows go one way: web and api -> jobs -> reading -> rasm; keys beneath jobs; config puts them together."""
