-- Named areas: what geocodes of alerts and areas that people follow stand for. Schemes and codes as geo::scheme writes
-- them. The ground is the polygons' corners as store::area packs them.
CREATE TABLE named_area (
    scheme TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    population BIGINT,
    ground BYTEA NOT NULL,
    CONSTRAINT named_area_code PRIMARY KEY (scheme, code)
);

-- Other names: each code may stand for several.
CREATE TABLE area_alias (
    scheme TEXT NOT NULL,
    code TEXT NOT NULL,
    target_scheme TEXT NOT NULL,
    target_code TEXT NOT NULL,
    CONSTRAINT area_alias_pair PRIMARY KEY (scheme, code, target_scheme, target_code)
);

-- Grows with each import, so that every node notices.
INSERT INTO counter (name, value) VALUES ('area', 0);
