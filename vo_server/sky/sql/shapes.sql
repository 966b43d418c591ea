-- Making shapes from coordinates.

CREATE OR REPLACE FUNCTION vo.circle_shape(ra float8, "dec" float8, radius float8) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  x float8 := cos(radians("dec")) * cos(radians(ra));
  y float8 := cos(radians("dec")) * sin(radians(ra));
  z float8 := sin(radians("dec"));
  r float8 := radians(radius);
BEGIN
  IF NOT (radius BETWEEN 0 AND 180) THEN
    RAISE EXCEPTION 'a radius is between 0 and 180 degrees, got %', radius USING ERRCODE = '22023';
  END IF;
  IF NOT ("dec" BETWEEN -90 AND 90) THEN
    RAISE EXCEPTION 'a declination is between -90 and 90 degrees, got %', "dec" USING ERRCODE = '22023';
  END IF;
  RETURN ARRAY[1, x, y, z, power(sqrt(vo.chord2(r)) + 2e-15, 2),
               CASE WHEN r > 1e-12 THEN power(sqrt(vo.chord2(r)) - 2e-15, 2) ELSE -1 END,
               0, x, y, z, r];
END $$;

CREATE OR REPLACE FUNCTION vo.point_shape(ra float8, "dec" float8) RETURNS float8[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT vo.circle_shape(ra, "dec", 0) $$;

-- A polygon from right ascensions and declinations in turn; its cap is around the middle of the vertices.
CREATE OR REPLACE FUNCTION vo.polygon_shape(VARIADIC coordinates float8[]) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n int := cardinality(coordinates) / 2;
  v float8[] := '{}';
  x float8 := 0; y float8 := 0; z float8 := 0;
  size float8;
  reach float8 := 0;
  a float8; d float8;
BEGIN
  IF cardinality(coordinates) % 2 = 1 OR n < 3 THEN
    RAISE EXCEPTION 'a polygon has three or more pairs of coordinates' USING ERRCODE = '22023';
  END IF;
  FOR i IN 0 .. n - 1 LOOP
    a := radians(coordinates[2 * i + 1]);
    d := radians(coordinates[2 * i + 2]);
    IF a IS NULL OR d IS NULL THEN
      RETURN NULL;
    END IF;
    v := v || ARRAY[cos(d) * cos(a), cos(d) * sin(a), sin(d)];
    x := x + v[3 * i + 1]; y := y + v[3 * i + 2]; z := z + v[3 * i + 3];
  END LOOP;
  size := sqrt(x * x + y * y + z * z);
  IF size > 1e-9 THEN
    x := x / size; y := y / size; z := z / size;
    FOR i IN 0 .. n - 1 LOOP
      reach := greatest(reach, vo.angle(x, y, z, v[3 * i + 1], v[3 * i + 2], v[3 * i + 3]));
    END LOOP;
  END IF;
  IF size <= 1e-9 OR reach > radians(88) THEN
    RAISE EXCEPTION 'a polygon must fit into a circle of 88 degrees radius' USING ERRCODE = '22023';
  END IF;
  RETURN ARRAY[1, x, y, z, power(sqrt(vo.chord2(reach)) + 2e-15, 2), -1, n, x, y, z, reach + 4e-15] || v;
END $$;

-- The box of ADQL 2.1: great circles at right angles to the ends of a cross.
CREATE OR REPLACE FUNCTION vo.box_shape(ra float8, "dec" float8, width float8, height float8) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  lon float8 := radians(width / 2);
  lat float8;
  c float8 := cos(radians("dec")); s float8 := sin(radians("dec"));
  corners float8[] := '{}';
  x float8; y float8; z float8;
BEGIN
  IF NOT (width > 0 AND width < 180 AND height > 0 AND height < 180) THEN
    RAISE EXCEPTION 'a BOX has sizes above 0 and below 180 degrees, got % and %', width, height
      USING ERRCODE = '22023';
  END IF;
  lat := atan(tan(radians(height / 2)) * cos(lon));
  FOR i IN 1 .. 4 LOOP
    x := cos(lat) * cos(lon);
    y := cos(lat) * sin(lon) * (CASE WHEN i IN (1, 4) THEN 1 ELSE -1 END);
    z := sin(lat) * (CASE WHEN i >= 3 THEN 1 ELSE -1 END);
    corners := corners || ARRAY[ra + degrees(atan2(y, c * x - s * z)),
                                degrees(asin(greatest(-1, least(1, s * x + c * z))))];
  END LOOP;
  RETURN vo.polygon_shape(VARIADIC corners);
END $$;
