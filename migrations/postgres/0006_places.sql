-- A person's places stand with the person, as JSON: cells, drawn polygons and named areas. Who is where is asked of the
-- audience index alone, and reading everyone is one row a person.
ALTER TABLE subscriber ADD COLUMN places TEXT NOT NULL DEFAULT '[]';
UPDATE subscriber SET places = COALESCE(
    (SELECT json_agg(json_build_array(step, cell_row, cell_column, radius_km))::text
     FROM place WHERE place.slot = subscriber.slot), '[]');
DROP TABLE place;

-- Which kind of push service the sealed channel goes through.
ALTER TABLE subscriber ADD COLUMN channel TEXT NOT NULL DEFAULT 'webpush';
