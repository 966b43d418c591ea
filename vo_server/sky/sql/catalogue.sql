-- Functions for the IVOA Catalogue of ADQL User Defined Functions 1.1, and for other frames than ICRS.

-- Galactic coordinates of an ICRS position and the other way round, as {lon, lat} in degrees
-- (ESA SP-1200, vol. 1, eq. 1.5.11).
CREATE OR REPLACE FUNCTION vo.galactic(lon float8, lat float8, forward bool) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  m constant float8[] := ARRAY[
    [-0.0548755604162154, -0.8734370902348850, -0.4838350155487132],
    [0.4941094278755837, -0.4448296299600112, 0.7469822444972189],
    [-0.8676661490190047, -0.1980763734312015, 0.4559837761750669]];
  x float8 := cos(radians(lat)) * cos(radians(lon));
  y float8 := cos(radians(lat)) * sin(radians(lon));
  z float8 := sin(radians(lat));
  u float8; v float8; w float8; l float8;
BEGIN
  IF forward THEN
    u := m[1][1]*x + m[1][2]*y + m[1][3]*z; v := m[2][1]*x + m[2][2]*y + m[2][3]*z; w := m[3][1]*x + m[3][2]*y + m[3][3]*z;
  ELSE
    u := m[1][1]*x + m[2][1]*y + m[3][1]*z; v := m[1][2]*x + m[2][2]*y + m[3][2]*z; w := m[1][3]*x + m[2][3]*y + m[3][3]*z;
  END IF;
  l := degrees(atan2(v, u));
  RETURN ARRAY[CASE WHEN l < 0 THEN l + 360 ELSE l END, degrees(atan2(w, sqrt(u*u + v*v)))];
END $$;

-- Every second bit of a pixel number is one coordinate in its face.
CREATE OR REPLACE FUNCTION vo.spread_bits(v bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  v := (v | (v << 16)) & 281470681808895;
  v := (v | (v << 8)) & 71777214294589695;
  v := (v | (v << 4)) & 1085102592571150095;
  v := (v | (v << 2)) & 3689348814741910323;
  RETURN (v | (v << 1)) & 6148914691236517205;
END $$;

CREATE OR REPLACE FUNCTION vo.gather_bits(v bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  v := v & 6148914691236517205;
  v := (v | (v >> 1)) & 3689348814741910323;
  v := (v | (v >> 2)) & 1085102592571150095;
  v := (v | (v >> 4)) & 71777214294589695;
  v := (v | (v >> 8)) & 281470681808895;
  RETURN (v | (v >> 16)) & 4294967295;
END $$;

-- The HEALPix cell of a position, NESTED (Gorski et al. 2005, ApJ 622, 759, section 5).
CREATE OR REPLACE FUNCTION vo.healpix_index(hpx_order int, lon float8, lat float8) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  side bigint := 1::bigint << hpx_order;
  z float8 := sin(radians(lat));
  t float8 := (lon - 360 * floor(lon / 360)) / 90;
  face bigint; x bigint; y bigint; up bigint; down bigint; part float8; reach float8; quarter bigint;
BEGIN
  IF lat < -90 OR lat > 90 THEN RETURN NULL; END IF;
  IF abs(z) <= 2.0 / 3 THEN
    up := floor(side * (0.5 + t) - side * z * 0.75);
    down := floor(side * (0.5 + t) + side * z * 0.75);
    IF (up >> hpx_order) = (down >> hpx_order) THEN face := (up >> hpx_order) | 4;
    ELSIF (up >> hpx_order) < (down >> hpx_order) THEN face := up >> hpx_order;
    ELSE face := (down >> hpx_order) + 8; END IF;
    x := down & (side - 1);
    y := side - (up & (side - 1)) - 1;
  ELSE
    quarter := least(3, floor(t)::bigint);
    part := t - quarter;
    -- The cosine keeps its digits near the poles, where 1 - |z| has lost them.
    reach := side * cos(radians(lat)) / sqrt((1 + abs(z)) / 3);
    up := least(side - 1, floor(part * reach)::bigint);
    down := least(side - 1, floor((1 - part) * reach)::bigint);
    IF z >= 0 THEN face := quarter; x := side - down - 1; y := side - up - 1;
    ELSE face := quarter + 8; x := up; y := down; END IF;
  END IF;
  RETURN (face << (2 * hpx_order)) + vo.spread_bits(x) + (vo.spread_bits(y) << 1);
END $$;

-- The centre of a HEALPix cell, as {lon, lat} in degrees; NULL where there is no such cell.
CREATE OR REPLACE FUNCTION vo.healpix_center(hpx_order int, cell bigint) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  side bigint; face int; x bigint; y bigint; ring bigint; cells bigint; z float8; across float8; step bigint;
  rings constant int[] := ARRAY[2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4];
  starts constant int[] := ARRAY[1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7];
BEGIN
  IF hpx_order NOT BETWEEN 0 AND 29 THEN RETURN NULL; END IF;
  side := 1::bigint << hpx_order;
  IF cell < 0 OR cell >= 12 * side * side THEN RETURN NULL; END IF;
  face := cell >> (2 * hpx_order);
  x := vo.gather_bits(cell & (side * side - 1));
  y := vo.gather_bits((cell & (side * side - 1)) >> 1);
  ring := rings[face + 1] * side - x - y - 1;
  IF ring < side THEN
    cells := ring; across := ring::float8 * ring / (3 * side::float8 * side); z := 1 - across;
  ELSIF ring > 3 * side THEN
    cells := 4 * side - ring; across := cells::float8 * cells / (3 * side::float8 * side); z := across - 1;
  ELSE
    cells := side; z := (2 * side - ring) * 2.0 / (3 * side); across := NULL;
  END IF;
  step := starts[face + 1] * cells + x - y;
  step := ((step % (8 * cells)) + 8 * cells) % (8 * cells);
  RETURN ARRAY[
    45.0 * step / cells,
    degrees(CASE WHEN across IS NULL THEN asin(z) ELSE atan2(z, sqrt(across * (2 - across))) END)];
END $$;

-- The place of a star at another epoch, by linear motion (ESA SP-1200, vol. 1, eq. 1.5.24), as {ra, dec} in degrees.
-- Parallax in mas, proper motions in mas/yr with cos(dec), radial velocity in km/s, epochs in Julian years.
CREATE OR REPLACE FUNCTION vo.epoch_position(
  ra float8, "dec" float8, parallax float8, pmra float8, pmdec float8, radial_velocity float8,
  ref_epoch float8, out_epoch float8) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  mas constant float8 := radians(1) / 3600000;
  a float8 := radians(ra); d float8 := radians("dec");
  years float8 := out_epoch - ref_epoch;
  east float8 := coalesce(pmra, 0) * mas * years;
  north float8 := coalesce(pmdec, 0) * mas * years;
  -- 4.740470463 km/s are one astronomical unit a year.
  away float8 := 1 + coalesce(radial_velocity, 0) * coalesce(parallax, 0) / 4.740470463 * mas * years;
  x float8; y float8; z float8; l float8;
BEGIN
  IF ra IS NULL OR "dec" IS NULL OR ref_epoch IS NULL OR out_epoch IS NULL THEN
    RAISE EXCEPTION 'ivo_epoch_prop_pos wants ra, dec and both epochs, and one of them is NULL'
      USING ERRCODE = 'null_value_not_allowed';
  END IF;
  x := away * cos(d) * cos(a) - east * sin(a) - north * sin(d) * cos(a);
  y := away * cos(d) * sin(a) + east * cos(a) - north * sin(d) * sin(a);
  z := away * sin(d) + north * cos(d);
  l := degrees(atan2(y, x));
  RETURN ARRAY[CASE WHEN l < 0 THEN l + 360 ELSE l END, degrees(atan2(z, sqrt(x*x + y*y)))];
END $$;

-- Degrees of 'd:m:s', 'ddmmss' or 'dDmMsS' with an optional sign; NULL for other texts.
CREATE OR REPLACE FUNCTION vo.sexagesimal(words text, unit text) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  found text[] := coalesce(
    regexp_match(words, '^\s*([+-]?)(\d{1,3}):(\d{1,2}):(\d{1,2}(?:\.\d*)?)\s*$'),
    regexp_match(words, '^\s*([+-]?)(\d{2})(\d{2})(\d{2}(?:\.\d*)?)\s*$'),
    regexp_match(words, '^\s*([+-]?)(\d{1,3})' || unit || '(\d{1,2})m(\d{1,2}(?:\.\d*)?)s\s*$', 'i'));
BEGIN
  IF found IS NULL OR found[3]::int >= 60 OR found[4]::float8 >= 60 THEN RETURN NULL; END IF;
  RETURN (CASE WHEN found[1] = '-' THEN -1 ELSE 1 END)
    * (found[2]::float8 + found[3]::float8 / 60 + found[4]::float8 / 3600);
END $$;

-- A histogram: underflows and NULLs, the bins, overflows.
CREATE OR REPLACE FUNCTION vo.histogram_step(
  counts bigint[], val float8, low float8, high float8, bins int) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  place int;
BEGIN
  IF counts IS NULL THEN
    IF bins IS NULL OR bins NOT BETWEEN 1 AND 100000 OR low IS NULL OR high IS NULL OR NOT low < high THEN
      RAISE EXCEPTION 'ivo_histogram wants lower < upper and 1 to 100000 bins'
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
    counts := array_fill(0::bigint, ARRAY[bins + 2]);
  END IF;
  IF val IS NULL OR val < low THEN place := 1;
  ELSIF val >= high THEN place := bins + 2;  -- a NaN is above everything
  ELSE place := least(bins, floor((val - low) / (high - low) * bins)::int + 1) + 1;
  END IF;
  counts[place] := counts[place] + 1;
  RETURN counts;
END $$;

CREATE OR REPLACE AGGREGATE vo.histogram(float8, float8, float8, int) (
  SFUNC = vo.histogram_step, STYPE = bigint[]
);

-- Up to `length` characters from the one at `start`, counted from 1; none for a negative length.
CREATE OR REPLACE FUNCTION vo.part_of_text(value text, start int, length int) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT substr(value, start, greatest(0, length)) $$;
