-- What ADQL becomes in PostgreSQL: pairs of one query each, compared without regard to white space.
-- <pixels>, <shape> and <box> stand for the HEALPix ranges, shapes and boxes of fixed geometry.

-- Names

-- title: a column of a table
SELECT em_min FROM ivoa.obscore;
SELECT "em_min" FROM "ivoa"."obscore";

-- title: LOG is natural
SELECT LOG(em_min) FROM ivoa.obscore;
SELECT ln("em_min") AS "log" FROM "ivoa"."obscore";

-- title: names without quotes have no case
SELECT Em_Min FROM IVOA.ObsCore;
SELECT "em_min" FROM "ivoa"."obscore";

-- title: a name in double quotes as it is published
SELECT "em_min" FROM "ivoa"."ObsCore";
SELECT "em_min" FROM "ivoa"."obscore";

-- title: a name in double quotes as it is in the database
SELECT "em_min" FROM "ivoa"."obscore";
SELECT "em_min" FROM "ivoa"."obscore";

-- title: a reserved word as a name in double quotes
SELECT "size", column_name FROM TAP_SCHEMA.columns;
SELECT "size", "column_name" FROM "tap_schema"."columns";

-- title: a table name that only one schema has needs no schema
SELECT dp_id FROM obscore;
SELECT "dp_id" FROM "ivoa"."obscore";

-- title: a column with its table
SELECT obscore.em_min FROM ivoa.obscore;
SELECT "em_min" FROM "ivoa"."obscore";

-- title: a column with its schema and table
SELECT ivoa.obscore.em_min FROM ivoa.obscore;
SELECT "em_min" FROM "ivoa"."obscore";

-- title: an alias of a table
SELECT t.em_min FROM ivoa.obscore AS t;
SELECT "em_min" FROM "ivoa"."obscore" AS "t";

-- title: an alias without AS
SELECT t.em_min FROM ivoa.obscore t;
SELECT "em_min" FROM "ivoa"."obscore" AS "t";

-- title: an alias of a table in double quotes keeps its case
SELECT "My Table".em_min FROM ivoa.obscore AS "My Table";
SELECT "em_min" FROM "ivoa"."obscore" AS "My Table";

-- title: an alias of a column loses its case in the database
SELECT em_min AS Shortest FROM ivoa.obscore;
SELECT "em_min" AS "shortest" FROM "ivoa"."obscore";

-- title: an alias of a column in double quotes keeps its case
SELECT em_min AS "Shortest Wave" FROM ivoa.obscore;
SELECT "em_min" AS "Shortest Wave" FROM "ivoa"."obscore";

-- title: a double quote in a name
SELECT em_min AS "a ""b""" FROM ivoa.obscore;
SELECT "em_min" AS "a ""b""" FROM "ivoa"."obscore";

-- title: an alias of a column without AS
SELECT em_min shortest FROM ivoa.obscore;
SELECT "em_min" AS "shortest" FROM "ivoa"."obscore";

-- title: comments stand for space
SELECT -- the wavelength
em_min--shortest
FROM ivoa.obscore -- ObsCore 1.1;
SELECT "em_min" FROM "ivoa"."obscore";

-- title: a table name in another case
SELECT RAW.RA FROM DBO.RAW;
SELECT "ra" FROM "dbo"."raw";

-- title: a name with a space and a dot as alias
SELECT ra AS "right asc. (J2000)" FROM dbo.raw;
SELECT "ra" AS "right asc. (J2000)" FROM "dbo"."raw";

-- title: a keyword in double quotes as alias of a table
SELECT "select".ra FROM dbo.raw AS "select";
SELECT "ra" FROM "dbo"."raw" AS "select";

-- title: a non-ASCII name in double quotes
SELECT ra AS "α" FROM dbo.raw;
SELECT "ra" AS "α" FROM "dbo"."raw";

-- Select list

-- title: all columns of a small table
SELECT * FROM TAP_SCHEMA.schemas;
SELECT "schema_name", "utype", "description", "schema_index" FROM "tap_schema"."schemas";

-- title: all columns of one of two tables
SELECT s.*, t.table_name FROM TAP_SCHEMA.schemas AS s JOIN TAP_SCHEMA.tables AS t ON s.schema_name = t.schema_name;
SELECT "s"."schema_name", "s"."utype", "s"."description", "s"."schema_index", "t"."table_name" FROM "tap_schema"."schemas" AS "s" JOIN "tap_schema"."tables" AS "t" ON "s"."schema_name" = "t"."schema_name";

-- title: all columns and one more
SELECT *, schema_index + 1 AS following FROM TAP_SCHEMA.schemas;
SELECT "schema_name", "utype", "description", "schema_index", "schema_index" + 1 AS "following" FROM "tap_schema"."schemas";

-- title: columns of the same name get a number
SELECT schema_name, schema_name FROM TAP_SCHEMA.schemas;
SELECT "schema_name", "schema_name" AS "schema_name_2" FROM "tap_schema"."schemas";

-- title: a number that is taken is passed over
SELECT schema_name, schema_name, utype AS schema_name_2 FROM TAP_SCHEMA.schemas;
SELECT "schema_name", "schema_name" AS "schema_name_3", "utype" AS "schema_name_2" FROM "tap_schema"."schemas";

-- title: expressions are called by their position
SELECT calib_level + 1, 2 FROM ivoa.obscore;
SELECT "calib_level" + 1 AS "col1", 2 AS "col2" FROM "ivoa"."obscore";

-- title: functions are called by their name
SELECT COUNT(*), MAX(em_max), MIN(em_min) FROM ivoa.obscore;
SELECT count(*) AS "count", max("em_max") AS "max", min("em_min") AS "min" FROM "ivoa"."obscore";

-- title: TOP
SELECT TOP 10 dp_id FROM ivoa.obscore;
SELECT "dp_id" FROM "ivoa"."obscore" LIMIT 10;

-- title: TOP 0
SELECT TOP 0 dp_id FROM ivoa.obscore;
SELECT "dp_id" FROM "ivoa"."obscore" LIMIT 0;

-- title: DISTINCT and TOP
SELECT DISTINCT TOP 5 obs_collection FROM ivoa.obscore;
SELECT DISTINCT "obs_collection" FROM "ivoa"."obscore" LIMIT 5;

-- title: ALL is the default
SELECT ALL obs_collection FROM ivoa.obscore;
SELECT "obs_collection" FROM "ivoa"."obscore";

-- title: OFFSET comes before TOP
SELECT TOP 5 dp_id FROM ivoa.obscore ORDER BY dp_id OFFSET 10;
SELECT "dp_id" FROM "ivoa"."obscore" ORDER BY 1 LIMIT 5 OFFSET 10;

-- title: a percent is a name here
SELECT TOP 5 hdu percent FROM header.keyword;
SELECT "hdu" AS "percent" FROM "header"."keyword" LIMIT 5;

-- title: all columns of a derived table
SELECT * FROM (SELECT ra, dec AS d FROM dbo.raw) AS t;
SELECT "ra", "d" FROM (SELECT "ra", "dec" AS "d", "hpx" AS "ra hpx" FROM "dbo"."raw") AS "t";

-- title: a constant
SELECT 1 AS one, 'x' AS word FROM dbo.raw;
SELECT 1 AS "one", 'x' AS "word" FROM "dbo"."raw";

-- title: TOP with all columns
SELECT TOP 5 * FROM tap_schema.schemas;
SELECT "schema_name", "utype", "description", "schema_index" FROM "tap_schema"."schemas" LIMIT 5;

-- title: OFFSET alone
SELECT ra FROM dbo.raw OFFSET 10;
SELECT "ra" FROM "dbo"."raw" OFFSET 10;

-- title: OFFSET after an order
SELECT ra FROM dbo.raw ORDER BY ra OFFSET 10;
SELECT "ra" FROM "dbo"."raw" ORDER BY 1 OFFSET 10;

-- title: a condition by CASE
SELECT CASE WHEN ra > 180 THEN 'east' ELSE 'west' END AS side FROM dbo.raw;
SELECT CASE WHEN "ra" > 180 THEN 'east' ELSE 'west' END AS "side" FROM "dbo"."raw";

-- Literals

-- title: an integer
SELECT 42 AS n FROM TAP_SCHEMA.schemas;
SELECT 42 AS "n" FROM "tap_schema"."schemas";

-- title: an integer of 64 bits
SELECT 9223372036854775807 AS n FROM TAP_SCHEMA.schemas;
SELECT 9223372036854775807 AS "n" FROM "tap_schema"."schemas";

-- title: an integer too long for 64 bits is a double
SELECT 9223372036854775808 AS n FROM TAP_SCHEMA.schemas;
SELECT 9.223372036854776e+18::double precision AS "n" FROM "tap_schema"."schemas";

-- title: decimals are doubles and never numeric
SELECT 1.5 AS a, .5 AS b, 2. AS c, 1e3 AS d, 1.5E-7 AS e FROM TAP_SCHEMA.schemas;
SELECT 1.5::double precision AS "a", 0.5::double precision AS "b", 2.0::double precision AS "c", 1000.0::double precision AS "d", 1.5e-07::double precision AS "e" FROM "tap_schema"."schemas";

-- title: a string
SELECT 'M31' AS s FROM TAP_SCHEMA.schemas;
SELECT 'M31' AS "s" FROM "tap_schema"."schemas";

-- title: a quote in a string
SELECT 'Barnard''s star' AS s FROM TAP_SCHEMA.schemas;
SELECT 'Barnard''s star' AS "s" FROM "tap_schema"."schemas";

-- title: a backslash in a string is one
SELECT 'a\b' AS s FROM TAP_SCHEMA.schemas;
SELECT 'a\b' AS "s" FROM "tap_schema"."schemas";

-- title: what looks like SQL in a string is a string
SELECT '''; DROP TABLE obscore; --' AS s FROM TAP_SCHEMA.schemas;
SELECT '''; DROP TABLE obscore; --' AS "s" FROM "tap_schema"."schemas";

-- title: NULL
SELECT NULL AS s FROM TAP_SCHEMA.schemas;
SELECT NULL AS "s" FROM "tap_schema"."schemas";

-- title: TRUE and FALSE
SELECT keyword FROM header.keyword WHERE value_l = TRUE OR value_l <> FALSE;
SELECT "keyword" FROM "header"."keyword" WHERE "value_l" = TRUE OR "value_l" <> FALSE;

-- title: a decimal without digits before the point
SELECT .5 AS x FROM dbo.raw;
SELECT 0.5::double precision AS "x" FROM "dbo"."raw";

-- title: a decimal without digits after the point
SELECT 5. AS x FROM dbo.raw;
SELECT 5.0::double precision AS "x" FROM "dbo"."raw";

-- title: an exponent with a sign
SELECT 1e-3 AS x, 2.5E+3 AS y FROM dbo.raw;
SELECT 0.001::double precision AS "x", 2500.0::double precision AS "y" FROM "dbo"."raw";

-- title: a hexadecimal number
SELECT 0xFF AS x FROM dbo.raw;
SELECT 255 AS "x" FROM "dbo"."raw";

-- title: the greatest integer of 64 bits
SELECT 9223372036854775807 AS x FROM dbo.raw;
SELECT 9223372036854775807 AS "x" FROM "dbo"."raw";

-- title: an empty string
SELECT dp_id FROM dbo.raw WHERE object = '';
SELECT "dp_id" FROM "dbo"."raw" WHERE "object" = '';

-- title: a string in pieces
SELECT 'ab' 'cd' AS x FROM dbo.raw;
SELECT 'abcd' AS "x" FROM "dbo"."raw";

-- title: a non-ASCII string
SELECT dp_id FROM dbo.raw WHERE object = 'Ångström';
SELECT "dp_id" FROM "dbo"."raw" WHERE "object" = 'Ångström';

-- Arithmetic

-- title: precedence of operators
SELECT em_min + em_max * 2 - t_min / 3 AS x FROM ivoa.obscore;
SELECT "em_min" + "em_max" * 2 - "t_min" / 3 AS "x" FROM "ivoa"."obscore";

-- title: parentheses
SELECT (em_min + em_max) * (2 - t_min) AS x FROM ivoa.obscore;
SELECT ("em_min" + "em_max") * (2 - "t_min") AS "x" FROM "ivoa"."obscore";

-- title: operators of one precedence go from left to right
SELECT em_min - em_max - t_min, em_min / em_max / t_min FROM ivoa.obscore;
SELECT "em_min" - "em_max" - "t_min" AS "col1", "em_min" / "em_max" / "t_min" AS "col2" FROM "ivoa"."obscore";

-- title: parentheses on the right stay
SELECT em_min - (em_max - t_min), em_min / (em_max / t_min) FROM ivoa.obscore;
SELECT "em_min" - ("em_max" - "t_min") AS "col1", "em_min" / ("em_max" / "t_min") AS "col2" FROM "ivoa"."obscore";

-- title: needless parentheses go
SELECT ((em_min)) FROM ivoa.obscore;
SELECT "em_min" FROM "ivoa"."obscore";

-- title: a sign
SELECT -em_min, +em_min, -(em_min + em_max) FROM ivoa.obscore;
SELECT -"em_min" AS "col1", +"em_min" AS "col2", -("em_min" + "em_max") AS "col3" FROM "ivoa"."obscore";

-- title: a negative number
SELECT -5 AS a, -1.5 AS b FROM TAP_SCHEMA.schemas;
SELECT -5 AS "a", -1.5::double precision AS "b" FROM "tap_schema"."schemas";

-- title: a minus before a sign makes no comment
SELECT 5 - -em_min, 5 - -3 FROM ivoa.obscore;
SELECT 5 - (-"em_min") AS "col1", 5 - -3 AS "col2" FROM "ivoa"."obscore";

-- title: division of integers stays one
SELECT calib_level / 2 FROM ivoa.obscore;
SELECT "calib_level" / 2 AS "col1" FROM "ivoa"."obscore";

-- title: remainder of integers
SELECT calib_level % 2 FROM ivoa.obscore;
SELECT "calib_level" % 2 AS "col1" FROM "ivoa"."obscore";

-- title: concatenation
SELECT obs_collection || ' ' || dp_id AS label FROM ivoa.obscore;
SELECT "obs_collection" || ' ' || "dp_id" AS "label" FROM "ivoa"."obscore";

-- title: a sub-query as a value
SELECT dp_id, (SELECT COUNT(*) FROM dbo.raw) AS n FROM ivoa.obscore;
SELECT "dp_id", (SELECT count(*) AS "count" FROM "dbo"."raw") AS "n" FROM "ivoa"."obscore";

-- title: a sum of three
SELECT ra + dec + 1 AS x FROM dbo.raw;
SELECT "ra" + "dec" + 1 AS "x" FROM "dbo"."raw";

-- title: a difference of a product
SELECT ra - dec * 2 AS x FROM dbo.raw;
SELECT "ra" - "dec" * 2 AS "x" FROM "dbo"."raw";

-- title: a product of a difference
SELECT (ra - dec) * 2 AS x FROM dbo.raw;
SELECT ("ra" - "dec") * 2 AS "x" FROM "dbo"."raw";

-- title: a quotient of a quotient
SELECT ra / (dec / 2) AS x FROM dbo.raw;
SELECT "ra" / ("dec" / 2) AS "x" FROM "dbo"."raw";

-- title: a minus of a sum
SELECT -(ra + dec) AS x FROM dbo.raw;
SELECT -("ra" + "dec") AS "x" FROM "dbo"."raw";

-- title: a plus sign
SELECT +ra AS x FROM dbo.raw;
SELECT +"ra" AS "x" FROM "dbo"."raw";

-- title: a remainder beside a product
SELECT calib_level % 2 * 3 AS x FROM ivoa.obscore;
SELECT "calib_level" % 2 * 3 AS "x" FROM "ivoa"."obscore";

-- title: a concatenation of a number by CAST
SELECT dp_id || '-' || CAST(calib_level AS VARCHAR) AS x FROM ivoa.obscore;
SELECT "dp_id" || '-' || ("calib_level")::text AS "x" FROM "ivoa"."obscore";

-- title: a sum with a null
SELECT ra + NULL AS x FROM dbo.raw;
SELECT "ra" + NULL::double precision AS "x" FROM "dbo"."raw";

-- Conditions

-- title: comparisons
SELECT dp_id FROM ivoa.obscore WHERE em_min < 4e-7 AND em_max >= 7e-7 AND calib_level <> 2 AND calib_level != 3;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE "em_min" < 4e-07::double precision AND "em_max" >= 7e-07::double precision AND "calib_level" <> 2 AND "calib_level" <> 3;

-- title: AND binds closer than OR
SELECT dp_id FROM ivoa.obscore WHERE calib_level = 1 OR calib_level = 2 AND snr > 5;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE "calib_level" = 1 OR "calib_level" = 2 AND "snr" > 5;

-- title: OR in parentheses
SELECT dp_id FROM ivoa.obscore WHERE (calib_level = 1 OR calib_level = 2) AND snr > 5;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE ("calib_level" = 1 OR "calib_level" = 2) AND "snr" > 5;

-- title: NOT
SELECT dp_id FROM ivoa.obscore WHERE NOT (calib_level = 1 OR snr > 5) AND NOT calib_level = 3;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE NOT ("calib_level" = 1 OR "snr" > 5) AND NOT ("calib_level" = 3);

-- title: BETWEEN
SELECT dp_id FROM ivoa.obscore WHERE snr BETWEEN 5 AND 10 AND calib_level NOT BETWEEN 1 AND 2;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE "snr" BETWEEN 5 AND 10 AND "calib_level" NOT BETWEEN 1 AND 2;

-- title: IN a list
SELECT dp_id FROM ivoa.obscore WHERE calib_level IN (2, 3) AND instrument_name NOT IN ('UVES', 'MUSE');
SELECT "dp_id" FROM "ivoa"."obscore" WHERE "calib_level" IN (2, 3) AND "instrument_name" NOT IN ('UVES', 'MUSE');

-- title: IN a list of one
SELECT dp_id FROM dbo.raw WHERE instrument IN ('uves');
SELECT "dp_id" FROM "dbo"."raw" WHERE "instrument" IN ('uves');

-- title: IN a sub-query
SELECT dp_id FROM dbo.raw WHERE dp_id IN (SELECT dp_id FROM header.keyword WHERE keyword = 'DPR.CATG');
SELECT "dp_id" FROM "dbo"."raw" WHERE "dp_id" IN (SELECT "keyword"."dp_id" FROM "header"."keyword" WHERE "keyword"."keyword" = 'DPR.CATG');

-- title: NOT IN a sub-query of its own kind
SELECT dp_id FROM dbo.raw WHERE ob_id NOT IN (SELECT calib_level FROM ivoa.obscore);
SELECT "dp_id" FROM "dbo"."raw" WHERE "ob_id" NOT IN (SELECT "obscore"."calib_level" FROM "ivoa"."obscore");

-- title: LIKE
SELECT dp_id FROM dbo.raw WHERE prog_id LIKE '098.C-%' AND object NOT LIKE '%STD%';
SELECT "dp_id" FROM "dbo"."raw" WHERE "prog_id" LIKE '098.C-%' AND "object" NOT LIKE '%STD%';

-- title: LIKE has no escape character
SELECT dp_id FROM dbo.raw WHERE object LIKE 'a\%b';
SELECT "dp_id" FROM "dbo"."raw" WHERE "object" LIKE 'a\\%b';

-- title: LIKE with a pattern from a column
SELECT dp_id FROM dbo.raw WHERE object LIKE target || '%';
SELECT "dp_id" FROM "dbo"."raw" WHERE "object" LIKE ("target" || '%') ESCAPE '';

-- title: ILIKE
SELECT dp_id FROM dbo.raw WHERE object ILIKE 'm31%' AND object NOT ILIKE '%x';
SELECT "dp_id" FROM "dbo"."raw" WHERE "object" ILIKE 'm31%' AND "object" NOT ILIKE '%x';

-- title: IS NULL
SELECT dp_id FROM dbo.raw WHERE object IS NULL AND target IS NOT NULL;
SELECT "dp_id" FROM "dbo"."raw" WHERE "object" IS NULL AND "target" IS NOT NULL;

-- title: IS NULL of an expression
SELECT dp_id FROM dbo.raw WHERE ra + dec IS NULL;
SELECT "dp_id" FROM "dbo"."raw" WHERE ("ra" + "dec") IS NULL;

-- title: EXISTS and a column of the query around
SELECT dp_id FROM dbo.raw WHERE EXISTS (SELECT 1 FROM header.keyword WHERE keyword.dp_id = raw.dp_id AND hdu = 0);
SELECT "dp_id" FROM "dbo"."raw" WHERE EXISTS (SELECT 1 AS "col1" FROM "header"."keyword" WHERE "keyword"."dp_id" = "raw"."dp_id" AND "keyword"."hdu" = 0);

-- title: a column of the query around without its table
SELECT object FROM dbo.raw WHERE NOT EXISTS (SELECT keyword FROM header.keyword WHERE value_s = origfile);
SELECT "object" FROM "dbo"."raw" WHERE NOT (EXISTS (SELECT "keyword"."keyword" FROM "header"."keyword" WHERE "keyword"."value_s" = "raw"."origfile"));

-- title: a condition that begins with parentheses of a value
SELECT dp_id FROM dbo.raw WHERE (ra + 1) * 2 > 3 AND ((ra) > 1);
SELECT "dp_id" FROM "dbo"."raw" WHERE ("ra" + 1) * 2 > 3 AND "ra" > 1;

-- title: a number in quotes is a number where one is wanted
SELECT dp_id FROM dbo.raw WHERE ob_id = '200456' AND ra < ' 1.5 ' AND period IN ('91', '92');
SELECT "dp_id" FROM "dbo"."raw" WHERE "ob_id" = 200456 AND "ra" < 1.5::double precision AND "period" IN (91, 92);

-- title: a truth in quotes is one where one is wanted
SELECT dp_id FROM header.keyword WHERE value_l = 'T' OR value_l = 0;
SELECT "dp_id" FROM "header"."keyword" WHERE "value_l" = TRUE OR "value_l" = FALSE;

-- title: unequal by two signs
SELECT ra FROM dbo.raw WHERE ra <> 1 AND ra != 2;
SELECT "ra" FROM "dbo"."raw" WHERE "ra" <> 1 AND "ra" <> 2;

-- title: a constant on the left
SELECT ra FROM dbo.raw WHERE 10 < ra;
SELECT "ra" FROM "dbo"."raw" WHERE 10 < "ra";

-- title: NOT BETWEEN
SELECT ra FROM dbo.raw WHERE ra NOT BETWEEN 1 AND 2;
SELECT "ra" FROM "dbo"."raw" WHERE "ra" NOT BETWEEN 1 AND 2;

-- title: BETWEEN of expressions
SELECT ra FROM dbo.raw WHERE ra BETWEEN dec - 1 AND dec + 1;
SELECT "ra" FROM "dbo"."raw" WHERE "ra" BETWEEN "dec" - 1 AND "dec" + 1;

-- title: NOT LIKE
SELECT ra FROM dbo.raw WHERE dp_id NOT LIKE 'A%';
SELECT "ra" FROM "dbo"."raw" WHERE "dp_id" NOT LIKE 'A%';

-- title: NOT IN a list of strings
SELECT ra FROM dbo.raw WHERE instrument NOT IN ('MUSE', 'UVES');
SELECT "ra" FROM "dbo"."raw" WHERE "instrument" NOT IN ('MUSE', 'UVES');

-- title: IS NOT NULL
SELECT ra FROM dbo.raw WHERE ra IS NOT NULL;
SELECT "ra" FROM "dbo"."raw" WHERE "ra" IS NOT NULL;

-- title: NOT EXISTS
SELECT dp_id FROM dbo.raw AS r WHERE NOT EXISTS (SELECT 1 AS x FROM ivoa.obscore AS o WHERE o.dp_id = r.dp_id);
SELECT "dp_id" FROM "dbo"."raw" AS "r" WHERE NOT (EXISTS (SELECT 1 AS "x" FROM "ivoa"."obscore" AS "o" WHERE "o"."dp_id" = "r"."dp_id"));

-- title: NOT of two
SELECT ra FROM dbo.raw WHERE NOT (ra > 1 AND dec < 2);
SELECT "ra" FROM "dbo"."raw" WHERE NOT ("ra" > 1 AND "dec" < 2);

-- title: NOT of a NOT in parentheses
SELECT ra FROM dbo.raw WHERE NOT (NOT ra > 1);
SELECT "ra" FROM "dbo"."raw" WHERE NOT (NOT ("ra" > 1));

-- title: OR of ANDs
SELECT ra FROM dbo.raw WHERE ra > 1 AND dec > 2 OR ra < 3 AND dec < 4;
SELECT "ra" FROM "dbo"."raw" WHERE "ra" > 1 AND "dec" > 2 OR "ra" < 3 AND "dec" < 4;

-- title: strings in order
SELECT dp_id FROM dbo.raw WHERE dp_id >= 'A' AND dp_id < 'B';
SELECT "dp_id" FROM "dbo"."raw" WHERE "dp_id" >= 'A' AND "dp_id" < 'B';

-- title: a comparison with a sub-query
SELECT dp_id FROM dbo.raw WHERE exposure = (SELECT MAX(exposure) AS m FROM dbo.raw);
SELECT "dp_id" FROM "dbo"."raw" WHERE "exposure" = (SELECT max("raw"."exposure") AS "m" FROM "dbo"."raw");

-- title: a condition of a function
SELECT dp_id FROM dbo.raw WHERE LOWER(object) = 'm 31' AND ROUND(ra, 2) = 10.68;
SELECT "dp_id" FROM "dbo"."raw" WHERE lower("object") = 'm 31' AND round(("ra")::text::numeric, (2)::integer)::double precision = 10.68::double precision;

-- title: ivo_hasword as a condition
SELECT dp_id FROM ivoa.obscore WHERE 1 = ivo_hasword(obs_title, 'galaxy');
SELECT "dp_id" FROM "ivoa"."obscore" WHERE 1 = (to_tsvector('pg_catalog.english', "obs_title") @@ plainto_tsquery('pg_catalog.english', 'galaxy'))::integer;

-- Timestamps

-- title: a timestamp leaves as DALI has it
SELECT exp_start FROM dbo.raw;
SELECT to_char("exp_start", 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS "exp_start" FROM "dbo"."raw";

-- title: a timestamp and a date
SELECT dp_id FROM dbo.raw WHERE exp_start > '2015-11-18';
SELECT "dp_id" FROM "dbo"."raw" WHERE "exp_start" > '2015-11-18T00:00:00'::timestamp;

-- title: a timestamp and a time of day
SELECT dp_id FROM dbo.raw WHERE exp_start <= '2015-11-18T09:34:03.528Z' AND '2015-11-18 09:34' > exp_start;
SELECT "dp_id" FROM "dbo"."raw" WHERE "exp_start" <= '2015-11-18T09:34:03.528'::timestamp AND '2015-11-18T09:34:00'::timestamp > "exp_start";

-- title: a timestamp between two dates
SELECT dp_id FROM dbo.raw WHERE exp_start BETWEEN '2023-01-01' AND '2024-01-01';
SELECT "dp_id" FROM "dbo"."raw" WHERE "exp_start" BETWEEN '2023-01-01T00:00:00'::timestamp AND '2024-01-01T00:00:00'::timestamp;

-- title: a timestamp in a list
SELECT dp_id FROM dbo.raw WHERE exp_start IN ('2023-01-01', '2024-01-01T12:00:00');
SELECT "dp_id" FROM "dbo"."raw" WHERE "exp_start" IN ('2023-01-01T00:00:00'::timestamp, '2024-01-01T12:00:00'::timestamp);

-- title: a timestamp and a column of text
SELECT dp_id FROM dbo.raw WHERE exp_start = date_obs;
SELECT "dp_id" FROM "dbo"."raw" WHERE to_char("exp_start", 'YYYY-MM-DD"T"HH24:MI:SS.MS') = "date_obs";

-- title: a timestamp and a pattern
SELECT dp_id FROM dbo.raw WHERE exp_start LIKE '2015-11-18%';
SELECT "dp_id" FROM "dbo"."raw" WHERE to_char("exp_start", 'YYYY-MM-DD"T"HH24:MI:SS.MS') LIKE '2015-11-18%';

-- title: two timestamps
SELECT dp_id FROM dbo.raw WHERE release_date > last_mod_date;
SELECT "dp_id" FROM "dbo"."raw" WHERE "release_date" > "last_mod_date";

-- title: now
SELECT dp_id FROM dbo.raw WHERE release_date > CURRENT_TIMESTAMP;
SELECT "dp_id" FROM "dbo"."raw" WHERE "release_date" > (now() AT TIME ZONE 'UTC');

-- title: order by a timestamp uses its index
SELECT TOP 10 exp_start FROM dbo.raw ORDER BY exp_start DESC;
SELECT to_char("exp_start", 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS "exp_start" FROM "dbo"."raw" ORDER BY "raw"."exp_start" DESC LIMIT 10;

-- title: distinct timestamps are ordered as they leave
SELECT DISTINCT exp_start FROM dbo.raw ORDER BY exp_start;
SELECT DISTINCT to_char("exp_start", 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS "exp_start" FROM "dbo"."raw" ORDER BY 1;

-- title: the latest timestamp
SELECT MAX(exp_start) AS latest FROM dbo.raw;
SELECT to_char(max("exp_start"), 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS "latest" FROM "dbo"."raw";

-- title: a timestamp stays one inside a sub-query
SELECT t.start FROM (SELECT exp_start AS start FROM dbo.raw) AS t WHERE t.start > '2020-01-01';
SELECT to_char("start", 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS "start" FROM (SELECT "exp_start" AS "start" FROM "dbo"."raw") AS "t" WHERE "start" > '2020-01-01T00:00:00'::timestamp;

-- title: text to timestamp
SELECT dp_id FROM dbo.raw WHERE exp_start > CAST('2020-01-01' AS TIMESTAMP);
SELECT "dp_id" FROM "dbo"."raw" WHERE "exp_start" > '2020-01-01T00:00:00'::timestamp;

-- title: timestamps as MJD and JD
SELECT gavo_to_mjd(exp_start), gavo_to_jd('2000-01-01T12:00:00') FROM dbo.raw;
SELECT (extract(epoch FROM "exp_start") / 86400 + 40587)::double precision AS "gavo_to_mjd", (extract(epoch FROM '2000-01-01T12:00:00'::timestamp) / 86400 + 2440587.5)::double precision AS "gavo_to_jd" FROM "dbo"."raw";

-- title: a timestamp and fractions of a second
SELECT dp_id FROM dbo.raw WHERE date_obs > '2024-01-02T03:04:05.678';
SELECT "dp_id" FROM "dbo"."raw" WHERE "date_obs" > '2024-01-02T03:04:05.678';

-- title: a timestamp with a Z
SELECT dp_id FROM ivoa.obscore WHERE obs_release_date < '2024-01-02T03:04:05Z';
SELECT "dp_id" FROM "ivoa"."obscore" WHERE "obs_release_date" < '2024-01-02T03:04:05'::timestamp;

-- title: CAST to a timestamp
SELECT dp_id FROM ivoa.obscore WHERE obs_release_date < CAST('2024-01-02' AS TIMESTAMP);
SELECT "dp_id" FROM "ivoa"."obscore" WHERE "obs_release_date" < '2024-01-02T00:00:00'::timestamp;

-- title: a timestamp that is null
SELECT dp_id FROM ivoa.obscore WHERE obs_release_date IS NULL;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE "obs_release_date" IS NULL;

-- title: seconds added
SELECT ESO_DATEADD_SEC(3600, obs_release_date) AS later FROM ivoa.obscore;
SELECT to_char(("obs_release_date" + (3600) * interval '1 second'), 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS "later" FROM "ivoa"."obscore";

-- title: released by now
SELECT dp_id FROM ivoa.obscore WHERE obs_release_date <= CURRENT_TIMESTAMP;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE "obs_release_date" <= (now() AT TIME ZONE 'UTC');

-- Grouping

-- title: count
SELECT count(*) FROM dbo.raw;
SELECT count(*) AS "count" FROM "dbo"."raw";

-- title: count of values and of different values
SELECT COUNT(object), COUNT(DISTINCT object), COUNT(ALL object) FROM dbo.raw;
SELECT count("object") AS "count", count(DISTINCT "object") AS "count_2", count("object") AS "count_3" FROM "dbo"."raw";

-- title: GROUP BY
SELECT instrument, COUNT(*) AS n FROM dbo.raw GROUP BY instrument;
SELECT "instrument", count(*) AS "n" FROM "dbo"."raw" GROUP BY "raw"."instrument";

-- title: HAVING
SELECT instrument FROM dbo.raw GROUP BY instrument HAVING COUNT(*) > 10 AND MAX(exposure) > 100;
SELECT "instrument" FROM "dbo"."raw" GROUP BY "raw"."instrument" HAVING count(*) > 10 AND max("exposure") > 100;

-- title: GROUP BY an expression
SELECT FLOOR(mjd_obs) AS night, COUNT(*) AS n FROM dbo.raw GROUP BY FLOOR(mjd_obs) ORDER BY night;
SELECT floor("mjd_obs") AS "night", count(*) AS "n" FROM "dbo"."raw" GROUP BY floor("mjd_obs") ORDER BY 1;

-- title: GROUP BY a name of the select list
SELECT FLOOR(mjd_obs) AS evening, COUNT(*) AS n FROM dbo.raw GROUP BY evening;
SELECT floor("mjd_obs") AS "evening", count(*) AS "n" FROM "dbo"."raw" GROUP BY floor("mjd_obs");

-- title: GROUP BY a position
SELECT instrument, dp_cat, COUNT(*) FROM dbo.raw GROUP BY 1, dp_cat;
SELECT "instrument", "dp_cat", count(*) AS "count" FROM "dbo"."raw" GROUP BY "raw"."instrument", "raw"."dp_cat";

-- title: a column of a table comes before a name of the select list in GROUP BY
SELECT MAX(instrument) AS object FROM dbo.raw GROUP BY object;
SELECT max("instrument") AS "object" FROM "dbo"."raw" GROUP BY "raw"."object";

-- title: sums of integers are exact
SELECT SUM(det_ndit), SUM(ob_id), SUM(access_estsize) FROM dbo.raw;
SELECT sum("det_ndit")::bigint AS "sum", sum("ob_id")::bigint AS "sum_2", sum("access_estsize")::bigint AS "sum_3" FROM "dbo"."raw";

-- title: sums of reals are doubles
SELECT SUM(exposure), SUM(ra), AVG(exposure), AVG(ob_id), AVG(ra) FROM dbo.raw;
SELECT sum(CAST("exposure" AS double precision)) AS "sum", sum("ra") AS "sum_2", avg("exposure") AS "avg", avg("ob_id")::double precision AS "avg_2", avg("ra") AS "avg_3" FROM "dbo"."raw";

-- title: sum of different values
SELECT SUM(DISTINCT exposure) FROM dbo.raw;
SELECT sum(DISTINCT CAST("exposure" AS double precision)) AS "sum" FROM "dbo"."raw";

-- title: an aggregate in an expression
SELECT (MAX(ra) - MIN(ra)) / COUNT(*) AS step FROM dbo.raw;
SELECT (max("ra") - min("ra")) / count(*) AS "step" FROM "dbo"."raw";

-- title: HAVING without GROUP BY
SELECT MAX(ra) FROM dbo.raw HAVING COUNT(*) > 0;
SELECT max("ra") AS "max" FROM "dbo"."raw" HAVING count(*) > 0;

-- title: strings joined by group
SELECT instrument, ivo_string_agg(object, ', ') AS objects FROM dbo.raw GROUP BY instrument;
SELECT "instrument", string_agg("object", ', ') AS "objects" FROM "dbo"."raw" GROUP BY "raw"."instrument";

-- title: GROUP BY two columns
SELECT instrument, dp_cat, COUNT(*) AS n FROM dbo.raw GROUP BY instrument, dp_cat;
SELECT "instrument", "dp_cat", count(*) AS "n" FROM "dbo"."raw" GROUP BY "raw"."instrument", "raw"."dp_cat";

-- title: HAVING with two conditions
SELECT instrument FROM dbo.raw GROUP BY instrument HAVING COUNT(*) > 10 AND MIN(ra) < 5;
SELECT "instrument" FROM "dbo"."raw" GROUP BY "raw"."instrument" HAVING count(*) > 10 AND min("ra") < 5;

-- title: averages of integers
SELECT AVG(calib_level) AS a FROM ivoa.obscore;
SELECT avg("calib_level")::double precision AS "a" FROM "ivoa"."obscore";

-- title: the least string
SELECT MIN(dp_id) AS least FROM dbo.raw;
SELECT min("dp_id") AS "least" FROM "dbo"."raw";

-- title: an aggregate of an expression
SELECT MAX(em_max - em_min) AS w FROM ivoa.obscore;
SELECT max("em_max" - "em_min") AS "w" FROM "ivoa"."obscore";

-- title: a function of an aggregate
SELECT ROUND(AVG(ra), 2) AS a FROM dbo.raw;
SELECT round((avg("ra"))::text::numeric, (2)::integer)::double precision AS "a" FROM "dbo"."raw";

-- title: an aggregate in a sub-query
SELECT n FROM (SELECT instrument, COUNT(*) AS n FROM dbo.raw GROUP BY instrument) AS t WHERE n > 3;
SELECT "n" FROM (SELECT "instrument", count(*) AS "n" FROM "dbo"."raw" GROUP BY "raw"."instrument") AS "t" WHERE "n" > 3;

-- title: GROUP BY without an aggregate
SELECT instrument FROM dbo.raw GROUP BY instrument;
SELECT "instrument" FROM "dbo"."raw" GROUP BY "raw"."instrument";

-- title: COUNT of a constant
SELECT COUNT(1) AS n FROM dbo.raw;
SELECT count(1) AS "n" FROM "dbo"."raw";

-- Order

-- title: order by columns
SELECT dp_id, ra FROM dbo.raw ORDER BY ra DESC, dp_id ASC;
SELECT "dp_id", "ra" FROM "dbo"."raw" ORDER BY 2 DESC, 1;

-- title: order by position
SELECT dp_id, ra FROM dbo.raw ORDER BY 2, 1 DESC;
SELECT "dp_id", "ra" FROM "dbo"."raw" ORDER BY 2, 1 DESC;

-- title: order by a column that is not selected
SELECT dp_id FROM dbo.raw ORDER BY ra;
SELECT "dp_id" FROM "dbo"."raw" ORDER BY "raw"."ra";

-- title: order by an expression
SELECT dp_id FROM dbo.raw ORDER BY ra * 2 DESC, ABS(dec);
SELECT "dp_id" FROM "dbo"."raw" ORDER BY "ra" * 2 DESC, abs("dec");

-- title: order by a selected expression
SELECT dp_id, ABS(dec) AS a FROM dbo.raw ORDER BY ABS(dec);
SELECT "dp_id", abs("dec") AS "a" FROM "dbo"."raw" ORDER BY 2;

-- title: a name of the select list comes before a column in ORDER BY
SELECT dp_id AS object FROM dbo.raw ORDER BY object;
SELECT "dp_id" AS "object" FROM "dbo"."raw" ORDER BY 1;

-- title: a column with its table is the column in ORDER BY
SELECT dp_id AS object FROM dbo.raw ORDER BY raw.object;
SELECT "dp_id" AS "object" FROM "dbo"."raw" ORDER BY "raw"."object";

-- title: order by an aggregate
SELECT instrument FROM dbo.raw GROUP BY instrument ORDER BY COUNT(*) DESC;
SELECT "instrument" FROM "dbo"."raw" GROUP BY "raw"."instrument" ORDER BY count(*) DESC;

-- title: order by a constant string
SELECT dp_id FROM dbo.raw ORDER BY 'x';
SELECT "dp_id" FROM "dbo"."raw" ORDER BY ('x')::text;

-- title: order of three, two of them down
SELECT ra, dec, dp_id FROM dbo.raw ORDER BY ra DESC, dec ASC, dp_id DESC;
SELECT "ra", "dec", "dp_id" FROM "dbo"."raw" ORDER BY 1 DESC, 2, 3 DESC;

-- title: order by a function
SELECT ra FROM dbo.raw ORDER BY ABS(dec);
SELECT "ra" FROM "dbo"."raw" ORDER BY abs("dec");

-- title: order by distance
SELECT TOP 3 dp_id FROM ivoa.obscore ORDER BY DISTANCE(POINT(s_ra, s_dec), POINT(1, 2));
SELECT "dp_id" FROM "ivoa"."obscore" ORDER BY vo.distance("s_ra", "s_dec", 1, 2) LIMIT 3;

-- title: order by an aggregate that is selected
SELECT instrument, COUNT(*) AS n FROM dbo.raw GROUP BY instrument ORDER BY n DESC;
SELECT "instrument", count(*) AS "n" FROM "dbo"."raw" GROUP BY "raw"."instrument" ORDER BY 2 DESC;

-- Joins

-- title: tables in a list
SELECT r.dp_id, k.keyword FROM dbo.raw AS r, header.keyword AS k WHERE r.dp_id = k.dp_id;
SELECT "r"."dp_id", "k"."keyword" FROM "dbo"."raw" AS "r", "header"."keyword" AS "k" WHERE "r"."dp_id" = "k"."dp_id";

-- title: JOIN ON
SELECT r.dp_id FROM dbo.raw r JOIN header.keyword k ON k.dp_id = r.dp_id AND k.hdu = 0;
SELECT "r"."dp_id" FROM "dbo"."raw" AS "r" JOIN "header"."keyword" AS "k" ON "k"."dp_id" = "r"."dp_id" AND "k"."hdu" = 0;

-- title: INNER JOIN of three
SELECT s.schema_name, c.column_name FROM TAP_SCHEMA.schemas s INNER JOIN TAP_SCHEMA.tables t ON t.schema_name = s.schema_name JOIN TAP_SCHEMA.columns c ON c.table_name = t.table_name;
SELECT "s"."schema_name", "c"."column_name" FROM "tap_schema"."schemas" AS "s" JOIN "tap_schema"."tables" AS "t" ON "t"."schema_name" = "s"."schema_name" JOIN "tap_schema"."columns" AS "c" ON "c"."table_name" = "t"."table_name";

-- title: outer joins
SELECT r.dp_id FROM dbo.raw r LEFT OUTER JOIN header.keyword k ON k.dp_id = r.dp_id RIGHT JOIN ivoa.obscore o ON o.dp_id = r.dp_id;
SELECT "r"."dp_id" FROM "dbo"."raw" AS "r" LEFT JOIN "header"."keyword" AS "k" ON "k"."dp_id" = "r"."dp_id" RIGHT JOIN "ivoa"."obscore" AS "o" ON "o"."dp_id" = "r"."dp_id";

-- title: FULL JOIN USING takes the value that is there
SELECT table_name, utype FROM TAP_SCHEMA.tables FULL OUTER JOIN TAP_SCHEMA.schemas USING (schema_name, utype);
SELECT "tables"."table_name", COALESCE("tables"."utype", "schemas"."utype") AS "utype" FROM "tap_schema"."tables" FULL JOIN "tap_schema"."schemas" ON "tables"."schema_name" = "schemas"."schema_name" AND "tables"."utype" = "schemas"."utype";

-- title: USING makes one column of two
SELECT schema_name, table_name FROM TAP_SCHEMA.tables JOIN TAP_SCHEMA.schemas USING (schema_name);
SELECT "tables"."schema_name", "tables"."table_name" FROM "tap_schema"."tables" JOIN "tap_schema"."schemas" ON "tables"."schema_name" = "schemas"."schema_name";

-- title: RIGHT JOIN USING takes the right value
SELECT schema_name FROM TAP_SCHEMA.tables RIGHT JOIN TAP_SCHEMA.schemas USING (schema_name);
SELECT "schemas"."schema_name" FROM "tap_schema"."tables" RIGHT JOIN "tap_schema"."schemas" ON "tables"."schema_name" = "schemas"."schema_name";

-- title: all columns of a JOIN USING have the common one first
SELECT * FROM TAP_SCHEMA.keys JOIN TAP_SCHEMA.key_columns USING (key_id);
SELECT "keys"."key_id", "keys"."from_table", "keys"."target_table", "keys"."description", "keys"."utype", "key_columns"."from_column", "key_columns"."target_column" FROM "tap_schema"."keys" JOIN "tap_schema"."key_columns" ON "keys"."key_id" = "key_columns"."key_id";

-- title: a column of one table of a JOIN USING
SELECT k.key_id, c.key_id FROM TAP_SCHEMA.keys AS k JOIN TAP_SCHEMA.key_columns AS c USING (key_id);
SELECT "k"."key_id", "c"."key_id" AS "key_id_2" FROM "tap_schema"."keys" AS "k" JOIN "tap_schema"."key_columns" AS "c" ON "k"."key_id" = "c"."key_id";

-- title: NATURAL JOIN
SELECT key_id, from_column FROM TAP_SCHEMA.keys NATURAL JOIN TAP_SCHEMA.key_columns;
SELECT "keys"."key_id", "key_columns"."from_column" FROM "tap_schema"."keys" JOIN "tap_schema"."key_columns" ON "keys"."key_id" = "key_columns"."key_id";

-- title: NATURAL LEFT JOIN
SELECT key_id, from_column FROM TAP_SCHEMA.keys NATURAL LEFT JOIN TAP_SCHEMA.key_columns;
SELECT "keys"."key_id", "key_columns"."from_column" FROM "tap_schema"."keys" LEFT JOIN "tap_schema"."key_columns" ON "keys"."key_id" = "key_columns"."key_id";

-- title: CROSS JOIN
SELECT s.schema_name FROM TAP_SCHEMA.schemas AS s CROSS JOIN TAP_SCHEMA.keys AS k;
SELECT "s"."schema_name" FROM "tap_schema"."schemas" AS "s" CROSS JOIN "tap_schema"."keys" AS "k";

-- title: an alias that touches its number
SELECT 12abc, 0x1Fg FROM TAP_SCHEMA.schemas ORDER BY schema_name ASC, 2desc;
SELECT 12 AS "abc", 31 AS "g" FROM "tap_schema"."schemas" ORDER BY "schemas"."schema_name", 2 DESC;

-- title: strings with a comment between
SELECT schema_name FROM TAP_SCHEMA.schemas WHERE description = 'it''s ' -- it's 'one'
  'long' ' text';
SELECT "schema_name" FROM "tap_schema"."schemas" WHERE "description" = 'it''s long text';

-- title: a join in parentheses on the right
SELECT s.schema_name FROM TAP_SCHEMA.schemas AS s LEFT JOIN (TAP_SCHEMA.tables AS t JOIN TAP_SCHEMA.columns AS c ON c.table_name = t.table_name) ON t.schema_name = s.schema_name;
SELECT "s"."schema_name" FROM "tap_schema"."schemas" AS "s" LEFT JOIN ("tap_schema"."tables" AS "t" JOIN "tap_schema"."columns" AS "c" ON "c"."table_name" = "t"."table_name") ON "t"."schema_name" = "s"."schema_name";

-- title: a table joined with itself
SELECT a.dp_id, b.dp_id FROM dbo.raw AS a JOIN dbo.raw AS b ON a.ob_id = b.ob_id AND a.dp_id < b.dp_id;
SELECT "a"."dp_id", "b"."dp_id" AS "dp_id_2" FROM "dbo"."raw" AS "a" JOIN "dbo"."raw" AS "b" ON "a"."ob_id" = "b"."ob_id" AND "a"."dp_id" < "b"."dp_id";

-- title: two tables with a column of the same name
SELECT raw.dp_id, obscore.dp_id FROM dbo.raw, ivoa.obscore;
SELECT "raw"."dp_id", "obscore"."dp_id" AS "dp_id_2" FROM "dbo"."raw", "ivoa"."obscore";

-- title: a join on two conditions
SELECT r.ra FROM dbo.raw AS r JOIN ivoa.obscore AS o ON r.dp_id = o.dp_id AND r.ra < o.s_ra;
SELECT "r"."ra" FROM "dbo"."raw" AS "r" JOIN "ivoa"."obscore" AS "o" ON "r"."dp_id" = "o"."dp_id" AND "r"."ra" < "o"."s_ra";

-- title: USING of two columns
SELECT dp_id FROM tap_schema.keys JOIN tap_schema.key_columns USING (key_id) CROSS JOIN dbo.raw;
SELECT "raw"."dp_id" FROM "tap_schema"."keys" JOIN "tap_schema"."key_columns" ON "keys"."key_id" = "key_columns"."key_id" CROSS JOIN "dbo"."raw";

-- title: a join of a derived table
SELECT r.ra FROM dbo.raw AS r JOIN (SELECT dp_id FROM ivoa.obscore WHERE calib_level = 2) AS o ON r.dp_id = o.dp_id;
SELECT "r"."ra" FROM "dbo"."raw" AS "r" JOIN (SELECT "dp_id" FROM "ivoa"."obscore" WHERE "calib_level" = 2) AS "o" ON "r"."dp_id" = "o"."dp_id";

-- title: a table in a list and a join
SELECT r.ra FROM tap_schema.schemas AS s, dbo.raw AS r LEFT JOIN ivoa.obscore AS o ON o.dp_id = r.dp_id;
SELECT "r"."ra" FROM "tap_schema"."schemas" AS "s", "dbo"."raw" AS "r" LEFT JOIN "ivoa"."obscore" AS "o" ON "o"."dp_id" = "r"."dp_id";

-- title: FULL JOIN ON an equality and more
SELECT r.ra FROM dbo.raw AS r FULL OUTER JOIN ivoa.obscore AS o ON r.dp_id = o.dp_id AND o.calib_level = 2;
SELECT "r"."ra" FROM "dbo"."raw" AS "r" FULL JOIN "ivoa"."obscore" AS "o" ON "r"."dp_id" = "o"."dp_id" AND "o"."calib_level" = 2;

-- title: RIGHT JOIN ON
SELECT o.dp_id FROM dbo.raw AS r RIGHT OUTER JOIN ivoa.obscore AS o ON r.dp_id = o.dp_id;
SELECT "o"."dp_id" FROM "dbo"."raw" AS "r" RIGHT JOIN "ivoa"."obscore" AS "o" ON "r"."dp_id" = "o"."dp_id";

-- Sub-queries

-- title: a derived table
SELECT t.n FROM (SELECT COUNT(*) AS n FROM dbo.raw) AS t;
SELECT "n" FROM (SELECT count(*) AS "n" FROM "dbo"."raw") AS "t";

-- title: a derived table keeps TOP and ORDER BY
SELECT AVG(t.ra) FROM (SELECT TOP 10 object, mjd_obs + 1 AS ra FROM dbo.raw ORDER BY mjd_obs) AS t;
SELECT avg("ra") AS "avg" FROM (SELECT "object", "mjd_obs" + 1 AS "ra" FROM "dbo"."raw" ORDER BY "raw"."mjd_obs" LIMIT 10) AS "t";

-- title: a derived table keeps what its geometry needs
SELECT t.s_region FROM (SELECT dp_id, s_region FROM dbo.raw) AS t;
SELECT "s_region" FROM (SELECT "dp_id", "s_region", "s_shape" AS "s_region s_shape", "s_box" AS "s_region s_box" FROM "dbo"."raw") AS "t";

-- title: a distinct derived table has nothing to hide
SELECT t.s_region FROM (SELECT DISTINCT s_region FROM dbo.raw) AS t;
SELECT "s_region" FROM (SELECT DISTINCT "s_region" FROM "dbo"."raw") AS "t";

-- title: WITH
WITH few AS (SELECT TOP 10 object FROM dbo.raw) SELECT object FROM few;
WITH "few" AS (SELECT "object" FROM "dbo"."raw" LIMIT 10) SELECT "object" FROM "few";

-- title: a WITH table used in another one
WITH a AS (SELECT object AS o FROM dbo.raw), b AS (SELECT o FROM a WHERE o IS NOT NULL) SELECT x.o FROM a AS x JOIN b AS y ON x.o = y.o;
WITH "a" AS (SELECT "object" AS "o" FROM "dbo"."raw"), "b" AS (SELECT "o" FROM "a" WHERE "o" IS NOT NULL) SELECT "x"."o" FROM "a" AS "x" JOIN "b" AS "y" ON "x"."o" = "y"."o";

-- title: a WITH table in a sub-query
WITH few AS (SELECT object FROM dbo.raw) SELECT dp_id FROM ivoa.obscore WHERE target_name IN (SELECT object FROM few);
WITH "few" AS (SELECT "object" FROM "dbo"."raw") SELECT "dp_id" FROM "ivoa"."obscore" WHERE "target_name" IN (SELECT "few"."object" FROM "few");

-- title: a WITH table hides a published one
WITH raw AS (SELECT object AS o FROM dbo.raw) SELECT o FROM raw;
WITH "raw" AS (SELECT "object" AS "o" FROM "dbo"."raw") SELECT "o" FROM "raw";

-- title: a derived table in a derived table
SELECT y FROM (SELECT x AS y FROM (SELECT ra AS x FROM dbo.raw) AS a) AS b;
SELECT "y" FROM (SELECT "x" AS "y" FROM (SELECT "ra" AS "x" FROM "dbo"."raw") AS "a") AS "b";

-- title: a derived table without AS
SELECT t.ra FROM (SELECT ra FROM dbo.raw) t;
SELECT "ra" FROM (SELECT "ra" FROM "dbo"."raw") AS "t";

-- title: two WITH tables
WITH a AS (SELECT ra FROM dbo.raw), b AS (SELECT dec FROM dbo.raw) SELECT a.ra, b.dec FROM a, b;
WITH "a" AS (SELECT "ra" FROM "dbo"."raw"), "b" AS (SELECT "dec" FROM "dbo"."raw") SELECT "a"."ra", "b"."dec" FROM "a", "b";

-- title: a WITH table used twice
WITH a AS (SELECT dp_id, ra FROM dbo.raw) SELECT x.ra FROM a AS x JOIN a AS y ON x.dp_id = y.dp_id;
WITH "a" AS (SELECT "dp_id", "ra" FROM "dbo"."raw") SELECT "x"."ra" FROM "a" AS "x" JOIN "a" AS "y" ON "x"."dp_id" = "y"."dp_id";

-- title: IN a sub-query with a WHERE of its own
SELECT ra FROM dbo.raw WHERE dp_id IN (SELECT dp_id FROM ivoa.obscore WHERE calib_level > 1);
SELECT "ra" FROM "dbo"."raw" WHERE "dp_id" IN (SELECT "obscore"."dp_id" FROM "ivoa"."obscore" WHERE "obscore"."calib_level" > 1);

-- title: a sub-query in HAVING
SELECT instrument FROM dbo.raw GROUP BY instrument HAVING COUNT(*) > (SELECT COUNT(*) AS n FROM ivoa.obscore);
SELECT "instrument" FROM "dbo"."raw" GROUP BY "raw"."instrument" HAVING count(*) > (SELECT count(*) AS "n" FROM "ivoa"."obscore");

-- Set operations

-- title: UNION
SELECT dp_id FROM dbo.raw UNION SELECT dp_id FROM ivoa.obscore;
SELECT "dp_id" FROM "dbo"."raw" UNION SELECT "dp_id" FROM "ivoa"."obscore";

-- title: UNION ALL
SELECT dp_id FROM dbo.raw UNION ALL SELECT dp_id FROM ivoa.obscore;
SELECT "dp_id" FROM "dbo"."raw" UNION ALL SELECT "dp_id" FROM "ivoa"."obscore";

-- title: EXCEPT and INTERSECT ALL
SELECT dp_id FROM dbo.raw EXCEPT SELECT dp_id FROM ivoa.obscore INTERSECT ALL SELECT dp_id FROM header.keyword;
SELECT "dp_id" FROM "dbo"."raw" EXCEPT (SELECT "dp_id" FROM "ivoa"."obscore" INTERSECT ALL SELECT "dp_id" FROM "header"."keyword");

-- title: set operations from left to right
SELECT dp_id FROM dbo.raw UNION SELECT dp_id FROM ivoa.obscore EXCEPT SELECT dp_id FROM header.keyword;
SELECT "dp_id" FROM "dbo"."raw" UNION SELECT "dp_id" FROM "ivoa"."obscore" EXCEPT SELECT "dp_id" FROM "header"."keyword";

-- title: parentheses around set operations
SELECT dp_id FROM dbo.raw EXCEPT (SELECT dp_id FROM ivoa.obscore UNION SELECT dp_id FROM header.keyword);
SELECT "dp_id" FROM "dbo"."raw" EXCEPT (SELECT "dp_id" FROM "ivoa"."obscore" UNION SELECT "dp_id" FROM "header"."keyword");

-- title: order of a union
SELECT dp_id FROM dbo.raw UNION SELECT obs_id FROM ivoa.obscore ORDER BY dp_id DESC;
SELECT "dp_id" FROM "dbo"."raw" UNION SELECT "obs_id" FROM "ivoa"."obscore" ORDER BY 1 DESC;

-- title: TOP of each side
(SELECT TOP 5 dp_id FROM dbo.raw ORDER BY dp_id) UNION (SELECT TOP 5 dp_id FROM ivoa.obscore ORDER BY dp_id DESC);
(SELECT "dp_id" FROM "dbo"."raw" ORDER BY 1 LIMIT 5) UNION (SELECT "dp_id" FROM "ivoa"."obscore" ORDER BY 1 DESC LIMIT 5);

-- title: TOP of a side without ORDER BY
SELECT TOP 5 dp_id FROM dbo.raw UNION ALL SELECT dp_id FROM ivoa.obscore OFFSET 2;
(SELECT "dp_id" FROM "dbo"."raw" LIMIT 5) UNION ALL SELECT "dp_id" FROM "ivoa"."obscore" OFFSET 2;

-- title: timestamps of a union
SELECT exp_start FROM dbo.raw UNION SELECT obs_release_date FROM ivoa.obscore;
SELECT to_char("exp_start", 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS "exp_start" FROM "dbo"."raw" UNION SELECT to_char("obs_release_date", 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS "obs_release_date" FROM "ivoa"."obscore";

-- title: a union in a derived table
SELECT COUNT(*) FROM (SELECT dp_id FROM dbo.raw UNION SELECT dp_id FROM ivoa.obscore) AS every;
SELECT count(*) AS "count" FROM (SELECT "dp_id" FROM "dbo"."raw" UNION SELECT "dp_id" FROM "ivoa"."obscore") AS "every";

-- title: WITH and UNION
WITH a AS (SELECT object FROM dbo.raw) SELECT object FROM a UNION SELECT object FROM a;
WITH "a" AS (SELECT "object" FROM "dbo"."raw") SELECT "object" FROM "a" UNION SELECT "object" FROM "a";

-- title: UNION of three
SELECT ra AS x FROM dbo.raw UNION SELECT dec FROM dbo.raw UNION SELECT s_ra FROM ivoa.obscore;
SELECT "ra" AS "x" FROM "dbo"."raw" UNION SELECT "dec" FROM "dbo"."raw" UNION SELECT "s_ra" FROM "ivoa"."obscore";

-- title: INTERSECT binds closer
SELECT ra FROM dbo.raw UNION SELECT dec FROM dbo.raw INTERSECT SELECT s_ra FROM ivoa.obscore;
SELECT "ra" FROM "dbo"."raw" UNION (SELECT "dec" FROM "dbo"."raw" INTERSECT SELECT "s_ra" FROM "ivoa"."obscore");

-- title: a union of an integer and a double
SELECT calib_level AS x FROM ivoa.obscore UNION ALL SELECT s_ra FROM ivoa.obscore;
SELECT "calib_level" AS "x" FROM "ivoa"."obscore" UNION ALL SELECT "s_ra" FROM "ivoa"."obscore";

-- title: a union with a null
SELECT ra AS x FROM dbo.raw UNION ALL SELECT NULL FROM ivoa.obscore;
SELECT "ra" AS "x" FROM "dbo"."raw" UNION ALL SELECT NULL AS "col1" FROM "ivoa"."obscore";

-- title: a union in IN
SELECT ra FROM dbo.raw WHERE dp_id IN (SELECT dp_id FROM ivoa.obscore UNION SELECT dp_id FROM dbo.raw);
SELECT "ra" FROM "dbo"."raw" WHERE "dp_id" IN (SELECT "obscore"."dp_id" FROM "ivoa"."obscore" UNION SELECT "raw"."dp_id" FROM "dbo"."raw");

-- title: footprints of a union
SELECT s_region FROM ivoa.obscore UNION SELECT s_region FROM dbo.raw UNION SELECT s_region FROM ivoa.obscore;
SELECT "s_region" FROM "ivoa"."obscore" UNION SELECT "s_region" FROM "dbo"."raw" UNION SELECT "s_region" FROM "ivoa"."obscore";

-- Functions

-- title: LOG10 has base 10
SELECT LOG10(em_min) FROM ivoa.obscore;
SELECT log("em_min") AS "log10" FROM "ivoa"."obscore";

-- title: functions of a number
SELECT ABS(ra), CEILING(ra), FLOOR(ra), EXP(ra), SQRT(ra), DEGREES(ra), RADIANS(ra) FROM dbo.raw;
SELECT abs("ra") AS "abs", ceiling("ra") AS "ceiling", floor("ra") AS "floor", exp("ra") AS "exp", sqrt("ra") AS "sqrt", degrees("ra") AS "degrees", radians("ra") AS "radians" FROM "dbo"."raw";

-- title: trigonometric functions
SELECT SIN(ra), COS(ra), TAN(ra), COT(ra), ASIN(0.5), ACOS(0.5), ATAN(ra), ATAN2(ra, dec) FROM dbo.raw;
SELECT sin("ra") AS "sin", cos("ra") AS "cos", tan("ra") AS "tan", cot("ra") AS "cot", asin(0.5::double precision) AS "asin", acos(0.5::double precision) AS "acos", atan("ra") AS "atan", atan2("ra", "dec") AS "atan2" FROM "dbo"."raw";

-- title: PI and RAND
SELECT PI(), RAND(), RAND(5) FROM TAP_SCHEMA.schemas;
SELECT pi() AS "pi", random() AS "rand", random() AS "rand_2" FROM "tap_schema"."schemas";

-- title: POWER
SELECT POWER(ra, 2), POWER(10, -0.4 * snr) FROM ivoa.obscore, dbo.raw;
SELECT power("raw"."ra", 2) AS "power", power(10, -0.4::double precision * "obscore"."snr") AS "power_2" FROM "ivoa"."obscore", "dbo"."raw";

-- title: MOD of integers and of doubles
SELECT MOD(ob_id, 7), MOD(ra, 15) FROM dbo.raw;
SELECT mod("ob_id", 7) AS "mod", mod(("ra")::text::numeric, (15)::text::numeric)::double precision AS "mod_2" FROM "dbo"."raw";

-- title: ROUND
SELECT ROUND(ra), ROUND(ra, 2), ROUND(ob_id, -2) FROM dbo.raw;
SELECT round("ra") AS "round", round(("ra")::text::numeric, (2)::integer)::double precision AS "round_2", round(("ob_id")::numeric, (-2)::integer)::double precision AS "round_3" FROM "dbo"."raw";

-- title: TRUNCATE
SELECT TRUNCATE(ra), TRUNCATE(ra, 1) FROM dbo.raw;
SELECT trunc("ra") AS "truncate", trunc(("ra")::text::numeric, (1)::integer)::double precision AS "truncate_2" FROM "dbo"."raw";

-- title: LOWER and UPPER
SELECT LOWER(object), UPPER(exp_start) FROM dbo.raw;
SELECT lower("object") AS "lower", upper(to_char("exp_start", 'YYYY-MM-DD"T"HH24:MI:SS.MS')) AS "upper" FROM "dbo"."raw";

-- title: functions inside functions
SELECT SQRT(POWER(SIN(RADIANS(ra)), 2) + 1) FROM dbo.raw;
SELECT sqrt(power(sin(radians("ra")), 2) + 1) AS "sqrt" FROM "dbo"."raw";

-- title: COALESCE
SELECT COALESCE(object, target, '') FROM dbo.raw;
SELECT COALESCE("object", "target", '') AS "coalesce" FROM "dbo"."raw";

-- title: COALESCE of a timestamp and a literal
SELECT COALESCE(release_date, '2000-01-01') AS r FROM dbo.raw;
SELECT to_char(COALESCE("release_date", '2000-01-01T00:00:00'::timestamp), 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS "r" FROM "dbo"."raw";

-- title: NULLIF
SELECT NULLIF(object, '') FROM dbo.raw;
SELECT NULLIF("object", '') AS "nullif" FROM "dbo"."raw";

-- title: CASE
SELECT CASE WHEN dec > 0 THEN 'north' WHEN dec < 0 THEN 'south' ELSE 'equator' END AS half FROM dbo.raw;
SELECT CASE WHEN "dec" > 0 THEN 'north' WHEN "dec" < 0 THEN 'south' ELSE 'equator' END AS "half" FROM "dbo"."raw";

-- title: CASE of a value
SELECT CASE dp_cat WHEN 'SCIENCE' THEN 1 WHEN 'CALIB' THEN 2 END AS code FROM dbo.raw;
SELECT CASE WHEN "dp_cat" = 'SCIENCE' THEN 1 WHEN "dp_cat" = 'CALIB' THEN 2 END AS "code" FROM "dbo"."raw";

-- title: CAST to numbers
SELECT CAST(ra AS INTEGER), CAST(ob_id AS SMALLINT), CAST('5' AS BIGINT), CAST(ra AS REAL), CAST(ob_id AS DOUBLE PRECISION) FROM dbo.raw;
SELECT ("ra")::integer AS "col1", ("ob_id")::smallint AS "col2", ('5')::bigint AS "col3", ("ra")::real AS "col4", ("ob_id")::double precision AS "col5" FROM "dbo"."raw";

-- title: CAST to strings
SELECT CAST(ra AS VARCHAR), CAST(ob_id AS CHAR(8)), CAST(object AS VARCHAR(3)), CAST(exp_start AS CHAR) FROM dbo.raw;
SELECT ("ra")::text AS "col1", rpad(("ob_id")::text, 8) AS "col2", left(("object")::text, 3) AS "col3", (to_char("exp_start", 'YYYY-MM-DD"T"HH24:MI:SS.MS'))::text AS "col4" FROM "dbo"."raw";

-- title: IN_UNIT
SELECT IN_UNIT(ra, 'arcsec'), IN_UNIT(ra + 10, 'rad') FROM dbo.raw;
SELECT "ra" * 3600.0::double precision AS "in_unit", ("ra" + 10) * 0.017453292519943295::double precision AS "in_unit_2" FROM "dbo"."raw";

-- title: NULL has a type where the database wants one
SELECT SIN(NULL), LOWER(NULL), NULL + 1, ABS(NULL) FROM TAP_SCHEMA.schemas;
SELECT sin(NULL::double precision) AS "sin", lower(NULL::text) AS "lower", NULL::double precision + 1 AS "col3", abs(NULL::double precision) AS "abs" FROM "tap_schema"."schemas";

-- title: functions of the IVOA catalogue
SELECT ivo_hasword(obs_title, 'deep field'), ivo_nocasematch(obs_title, 'M%'), ivo_hashlist_has(obs_title, 'a'), ivo_interval_overlaps(t_min, t_max, 5, 6) FROM ivoa.obscore;
SELECT (to_tsvector('pg_catalog.english', "obs_title") @@ plainto_tsquery('pg_catalog.english', 'deep field'))::integer AS "ivo_hasword", ("obs_title" ILIKE 'M%' ESCAPE '')::integer AS "ivo_nocasematch", (lower('a') = ANY (string_to_array(lower("obs_title"), '#')))::integer AS "ivo_hashlist_has", ("t_min" <= "t_max" AND 5 <= 6 AND "t_min" <= 6 AND 5 <= "t_max")::integer AS "ivo_interval_overlaps" FROM "ivoa"."obscore";

-- title: HEALPix index of an indexed position
SELECT ivo_healpix_index(10, s_ra, s_dec) AS pixel, COUNT(*) AS n FROM ivoa.obscore GROUP BY ivo_healpix_index(10, s_ra, s_dec);
SELECT ("hpx" >> 38) AS "pixel", count(*) AS "n" FROM "ivoa"."obscore" GROUP BY ("hpx" >> 38);

-- title: HEALPix index of a number
SELECT ivo_healpix_index(0, POINT(1, 1)) FROM TAP_SCHEMA.schemas;
SELECT (4)::bigint AS "ivo_healpix_index" FROM "tap_schema"."schemas";

-- title: CAST to BIGINT and REAL
SELECT CAST(ra AS BIGINT) AS b, CAST(ra AS REAL) AS r FROM dbo.raw;
SELECT ("ra")::bigint AS "b", ("ra")::real AS "r" FROM "dbo"."raw";

-- title: CAST of a string to a number
SELECT CAST('12' AS INTEGER) AS n FROM dbo.raw;
SELECT ('12')::integer AS "n" FROM "dbo"."raw";

-- title: a unit of a computed value
SELECT IN_UNIT(em_max - em_min, 'nm') AS w FROM ivoa.obscore;
SELECT ("em_max" - "em_min") * 1000000000.0::double precision AS "w" FROM "ivoa"."obscore";

-- title: COALESCE of three
SELECT COALESCE(object, dp_id, '') AS x FROM dbo.raw;
SELECT COALESCE("object", "dp_id", '') AS "x" FROM "dbo"."raw";

-- title: CASE without ELSE
SELECT CASE WHEN ra > 1 THEN 1 END AS x FROM dbo.raw;
SELECT CASE WHEN "ra" > 1 THEN 1 END AS "x" FROM "dbo"."raw";

-- title: sexagesimal angles
SELECT ivo_hms_to_degrees('1:2:3') AS a, ivo_dms_to_degrees('-1:2:3') AS d FROM dbo.raw;
SELECT 15 * vo.sexagesimal('1:2:3', 'h') AS "a", vo.sexagesimal('-1:2:3', 'd') AS "d" FROM "dbo"."raw";

-- title: an interval of two columns
SELECT dp_id FROM ivoa.obscore WHERE 1 = ivo_interval_overlaps(em_min, em_max, 4e-7, 5e-7);
SELECT "dp_id" FROM "ivoa"."obscore" WHERE 1 = ("em_min" <= "em_max" AND 4e-07::double precision <= 5e-07::double precision AND "em_min" <= 5e-07::double precision AND 4e-07::double precision <= "em_max")::integer;

-- title: a part of a string
SELECT ESO_SUBSTRING(dp_id, 1, 4) AS head FROM dbo.raw;
SELECT vo.part_of_text("dp_id", (1)::integer, (4)::integer) AS "head" FROM "dbo"."raw";

-- title: the centre of a HEALPix cell
SELECT COORD1(ivo_healpix_center(5, 100)) AS ra FROM dbo.raw;
SELECT ((vo.healpix_center((5)::integer, (100)::bigint))[1])::double precision AS "ra" FROM "dbo"."raw";

-- title: where a star will be
SELECT ivo_epoch_prop_pos(s_ra, s_dec, 10, 1, 2, 0, 2000, 2020) AS p FROM ivoa.obscore;
SELECT vo.region_text(vo.point_shape((vo.epoch_position(("s_ra")::double precision, ("s_dec")::double precision, (10)::double precision, (1)::double precision, (2)::double precision, (0)::double precision, (2000)::double precision, (2020)::double precision))[1], (vo.epoch_position(("s_ra")::double precision, ("s_dec")::double precision, (10)::double precision, (1)::double precision, (2)::double precision, (0)::double precision, (2000)::double precision, (2020)::double precision))[2])) AS "p" FROM "ivoa"."obscore";

-- Geometry

-- title: a cone around a position
SELECT dp_id FROM ivoa.obscore WHERE 1 = CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('ICRS', 10.68, 41.27, 0.1));
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <pixels> AND vo.distance("s_ra", "s_dec", 10.68::double precision, 41.27::double precision) <= 0.1::double precision;

-- title: a cone without a coordinate system
SELECT dp_id FROM ivoa.obscore WHERE CONTAINS(POINT(s_ra, s_dec), CIRCLE(10.68, 41.27, 0.1)) = 1;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <pixels> AND vo.distance("s_ra", "s_dec", 10.68::double precision, 41.27::double precision) <= 0.1::double precision;

-- title: a cone around a point
SELECT dp_id FROM ivoa.obscore WHERE CONTAINS(POINT(s_ra, s_dec), CIRCLE(POINT(10.68, 41.27), 6/60.)) = 1;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <pixels> AND vo.distance("s_ra", "s_dec", 10.68::double precision, 41.27::double precision) <= 0.1::double precision;

-- title: a cone by DISTANCE of points
SELECT dp_id FROM ivoa.obscore WHERE DISTANCE(POINT(s_ra, s_dec), POINT(10.68, 41.27)) < 0.1;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <pixels> AND vo.distance("s_ra", "s_dec", 10.68::double precision, 41.27::double precision) < 0.1::double precision;

-- title: a cone by DISTANCE the other way round
SELECT dp_id FROM ivoa.obscore WHERE 0.1 >= DISTANCE(10.68, 41.27, s_ra, s_dec);
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <pixels> AND vo.distance(10.68::double precision, 41.27::double precision, "s_ra", "s_dec") <= 0.1::double precision;

-- title: a cone by INTERSECTS
SELECT dp_id FROM ivoa.obscore WHERE INTERSECTS(CIRCLE(10.68, 41.27, 0.1), POINT(s_ra, s_dec)) = 1;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <pixels> AND vo.distance("s_ra", "s_dec", 10.68::double precision, 41.27::double precision) <= 0.1::double precision;

-- title: outside of a cone
SELECT dp_id FROM ivoa.obscore WHERE 0 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(10.68, 41.27, 0.1));
SELECT "dp_id" FROM "ivoa"."obscore" WHERE NOT (vo.distance("s_ra", "s_dec", 10.68::double precision, 41.27::double precision) <= 0.1::double precision);

-- title: not equal to zero is inside
SELECT dp_id FROM ivoa.obscore WHERE CONTAINS(POINT(s_ra, s_dec), CIRCLE(10.68, 41.27, 0.1)) <> 0;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <pixels> AND vo.distance("s_ra", "s_dec", 10.68::double precision, 41.27::double precision) <= 0.1::double precision;

-- title: beyond a distance no index helps
SELECT dp_id FROM ivoa.obscore WHERE DISTANCE(s_ra, s_dec, 10.68, 41.27) > 0.1;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE vo.distance("s_ra", "s_dec", 10.68::double precision, 41.27::double precision) > 0.1::double precision;

-- title: the exact test alone for coordinates without an index
SELECT dp_id FROM ivoa.obscore WHERE DISTANCE(gal_lon, gal_lat, 0, 0) < 1;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE vo.distance("gal_lon", "gal_lat", 0, 0) < 1;

-- title: points in a polygon
SELECT dp_id FROM ivoa.obscore WHERE CONTAINS(POINT(s_ra, s_dec), POLYGON(10, 40, 12, 40, 11, 42)) = 1;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <pixels> AND vo.contains_point(<shape>, "s_ra", "s_dec");

-- title: points in a polygon of points
SELECT dp_id FROM ivoa.obscore WHERE CONTAINS(POINT(s_ra, s_dec), POLYGON('ICRS', 10, 40, 12, 40, 11, 42)) = 1;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <pixels> AND vo.contains_point(<shape>, "s_ra", "s_dec");

-- title: points in a box
SELECT dp_id FROM ivoa.obscore WHERE CONTAINS(POINT(s_ra, s_dec), BOX('ICRS', 10, 40, 1, 2)) = 1;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <pixels> AND vo.contains_point(<shape>, "s_ra", "s_dec");

-- title: points in an STC-S region
SELECT dp_id FROM ivoa.obscore WHERE CONTAINS(POINT(s_ra, s_dec), REGION('POLYGON ICRS 10 40 12 40 11 42')) = 1;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <pixels> AND vo.contains_point(<shape>, "s_ra", "s_dec");

-- title: footprints that meet a circle
select * from TAP_SCHEMA.schemas, ivoa.obscore where intersects(s_region, circle('ICRS', 10.0, 41.0, 1.0))=1;
SELECT "schemas"."schema_name", "schemas"."utype", "schemas"."description", "schemas"."schema_index", "obscore"."dataproduct_type", "obscore"."dataproduct_subtype", "obscore"."calib_level", "obscore"."obs_collection", "obscore"."obs_id", "obscore"."obs_publisher_did", "obscore"."obs_creator_did", "obscore"."dp_id", "obscore"."access_url", "obscore"."access_format", "obscore"."access_estsize", "obscore"."target_name", "obscore"."s_ra", "obscore"."s_dec", "obscore"."s_fov", "obscore"."s_region", "obscore"."s_resolution", "obscore"."s_pixel_scale", "obscore"."s_xel1", "obscore"."s_xel2", "obscore"."t_min", "obscore"."t_max", "obscore"."t_exptime", "obscore"."t_resolution", "obscore"."t_xel", "obscore"."em_min", "obscore"."em_max", "obscore"."em_res_power", "obscore"."em_xel", "obscore"."o_ucd", "obscore"."o_calib_status", "obscore"."pol_states", "obscore"."pol_xel", "obscore"."facility_name", "obscore"."instrument_name", "obscore"."proposal_id", "obscore"."obs_title", "obscore"."obs_creator_name", to_char("obscore"."obs_release_date", 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS "obs_release_date", to_char("obscore"."publication_date", 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS "publication_date", to_char("obscore"."last_mod_date", 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS "last_mod_date", "obscore"."bib_reference", "obscore"."filter", "obscore"."abmaglim", "obscore"."snr", "obscore"."strehl", "obscore"."gal_lon", "obscore"."gal_lat", "obscore"."multi_ob", "obscore"."n_obs", "obscore"."obstech", "obscore"."p3orig", "obscore"."preview_html", "obscore"."release_description" FROM "tap_schema"."schemas", "ivoa"."obscore" WHERE "obscore"."s_box" && <box> AND vo.intersects("obscore"."s_shape", <shape>);

-- title: footprints over a position
SELECT dp_id FROM ivoa.obscore WHERE 1 = CONTAINS(POINT('ICRS', 10.68, 41.27), s_region);
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <box> && "s_box" AND vo.contains_point("s_shape", 10.68::double precision, 41.27::double precision);

-- title: footprints inside a polygon
SELECT dp_id FROM ivoa.obscore WHERE CONTAINS(s_region, POLYGON(10, 40, 12, 40, 11, 42)) = 1;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE "s_box" && <box> AND vo.contains(<shape>, "s_shape");

-- title: footprints that meet footprints
SELECT o.dp_id FROM ivoa.obscore AS o JOIN dbo.raw AS r ON 1 = INTERSECTS(o.s_region, r.s_region);
SELECT "o"."dp_id" FROM "ivoa"."obscore" AS "o" JOIN "dbo"."raw" AS "r" ON "o"."s_box" && "r"."s_box" AND vo.intersects("o"."s_shape", "r"."s_shape");

-- title: positions of one table in footprints of another
SELECT r.dp_id FROM dbo.raw AS r JOIN ivoa.obscore AS o ON CONTAINS(POINT(r.ra_pnt, r.dec_pnt), o.s_region) = 1;
SELECT "r"."dp_id" FROM "dbo"."raw" AS "r" JOIN "ivoa"."obscore" AS "o" ON vo.shape_box(vo.point_shape("r"."ra_pnt", "r"."dec_pnt")) && "o"."s_box" AND vo.contains_point("o"."s_shape", "r"."ra_pnt", "r"."dec_pnt");

-- title: no footprint over a position
SELECT dp_id FROM ivoa.obscore WHERE NOT (1 = CONTAINS(POINT(10.68, 41.27), s_region));
SELECT "dp_id" FROM "ivoa"."obscore" WHERE NOT (<box> && "s_box" AND vo.contains_point("s_shape", 10.68::double precision, 41.27::double precision));

-- title: a crossmatch by DISTANCE
SELECT r.dp_id FROM dbo.raw AS r JOIN ivoa.obscore AS o ON DISTANCE(r.ra, r.dec, o.s_ra, o.s_dec) < 0.5/3600;
SELECT "r"."dp_id" FROM "dbo"."raw" AS "r" JOIN "ivoa"."obscore" AS "o" ON ((floor("r"."dec" * 60)::integer = ANY (ARRAY[floor((least(greatest("o"."s_dec", -90), 90) - least(greatest((0.5::double precision / 3600), 0), 180)) * 60 - 1e-6)::integer, floor((least(greatest("o"."s_dec", -90), 90) + least(greatest((0.5::double precision / 3600), 0), 180)) * 60 + 1e-6)::integer]) AND "r"."ra" BETWEEN ("o"."s_ra" - 360 * floor("o"."s_ra" / 360)) - 0.00013888988888888888 / greatest(cos(radians(abs("o"."s_dec") + 0.00013888988888888888)), 0.00013888988888888888 / 360) AND ("o"."s_ra" - 360 * floor("o"."s_ra" / 360)) + 0.00013888988888888888 / greatest(cos(radians(abs("o"."s_dec") + 0.00013888988888888888)), 0.00013888988888888888 / 360)) OR (floor("r"."dec" * 60)::integer = ANY (CASE WHEN ("o"."s_ra" - 360 * floor("o"."s_ra" / 360)) < 0.00013888988888888888 / greatest(cos(radians(abs("o"."s_dec") + 0.00013888988888888888)), 0.00013888988888888888 / 360) THEN ARRAY[floor((least(greatest("o"."s_dec", -90), 90) - least(greatest((0.5::double precision / 3600), 0), 180)) * 60 - 1e-6)::integer, floor((least(greatest("o"."s_dec", -90), 90) + least(greatest((0.5::double precision / 3600), 0), 180)) * 60 + 1e-6)::integer] END) AND "r"."ra" >= ("o"."s_ra" - 360 * floor("o"."s_ra" / 360)) + 360 - 0.00013888988888888888 / greatest(cos(radians(abs("o"."s_dec") + 0.00013888988888888888)), 0.00013888988888888888 / 360)) OR (floor("r"."dec" * 60)::integer = ANY (CASE WHEN ("o"."s_ra" - 360 * floor("o"."s_ra" / 360)) + 0.00013888988888888888 / greatest(cos(radians(abs("o"."s_dec") + 0.00013888988888888888)), 0.00013888988888888888 / 360) >= 360 THEN ARRAY[floor((least(greatest("o"."s_dec", -90), 90) - least(greatest((0.5::double precision / 3600), 0), 180)) * 60 - 1e-6)::integer, floor((least(greatest("o"."s_dec", -90), 90) + least(greatest((0.5::double precision / 3600), 0), 180)) * 60 + 1e-6)::integer] END) AND "r"."ra" <= ("o"."s_ra" - 360 * floor("o"."s_ra" / 360)) - 360 + 0.00013888988888888888 / greatest(cos(radians(abs("o"."s_dec") + 0.00013888988888888888)), 0.00013888988888888888 / 360))) AND vo.distance("r"."ra", "r"."dec", "o"."s_ra", "o"."s_dec") < 0.5::double precision / 3600;

-- title: a crossmatch by CONTAINS
SELECT k.dp_id FROM header.keyword AS k, ivoa.obscore AS o WHERE 1 = CONTAINS(POINT(o.s_ra, o.s_dec), CIRCLE(k.value_n, k.value_n, 0.1));
SELECT "k"."dp_id" FROM "header"."keyword" AS "k", "ivoa"."obscore" AS "o" WHERE ((floor("o"."s_dec" * 60)::integer BETWEEN floor((least(greatest("k"."value_n", -90), 90) - least(greatest(0.1::double precision, 0), 180)) * 60 - 1e-6)::integer AND floor((least(greatest("k"."value_n", -90), 90) + least(greatest(0.1::double precision, 0), 180)) * 60 + 1e-6)::integer AND "o"."s_ra" BETWEEN ("k"."value_n" - 360 * floor("k"."value_n" / 360)) - 0.100000001 / greatest(cos(radians(abs("k"."value_n") + 0.100000001)), 0.100000001 / 360) AND ("k"."value_n" - 360 * floor("k"."value_n" / 360)) + 0.100000001 / greatest(cos(radians(abs("k"."value_n") + 0.100000001)), 0.100000001 / 360)) OR (floor("o"."s_dec" * 60)::integer BETWEEN CASE WHEN ("k"."value_n" - 360 * floor("k"."value_n" / 360)) < 0.100000001 / greatest(cos(radians(abs("k"."value_n") + 0.100000001)), 0.100000001 / 360) THEN floor((least(greatest("k"."value_n", -90), 90) - least(greatest(0.1::double precision, 0), 180)) * 60 - 1e-6)::integer - 1 END AND floor((least(greatest("k"."value_n", -90), 90) + least(greatest(0.1::double precision, 0), 180)) * 60 + 1e-6)::integer AND "o"."s_ra" >= ("k"."value_n" - 360 * floor("k"."value_n" / 360)) + 360 - 0.100000001 / greatest(cos(radians(abs("k"."value_n") + 0.100000001)), 0.100000001 / 360)) OR (floor("o"."s_dec" * 60)::integer BETWEEN CASE WHEN ("k"."value_n" - 360 * floor("k"."value_n" / 360)) + 0.100000001 / greatest(cos(radians(abs("k"."value_n") + 0.100000001)), 0.100000001 / 360) >= 360 THEN floor((least(greatest("k"."value_n", -90), 90) - least(greatest(0.1::double precision, 0), 180)) * 60 - 1e-6)::integer END AND floor((least(greatest("k"."value_n", -90), 90) + least(greatest(0.1::double precision, 0), 180)) * 60 + 1e-6)::integer + 1 AND "o"."s_ra" <= ("k"."value_n" - 360 * floor("k"."value_n" / 360)) - 360 + 0.100000001 / greatest(cos(radians(abs("k"."value_n") + 0.100000001)), 0.100000001 / 360))) AND vo.distance("o"."s_ra", "o"."s_dec", "k"."value_n", "k"."value_n") <= 0.1::double precision;

-- title: a crossmatch with a radius of each row
SELECT k.dp_id FROM header.keyword AS k, ivoa.obscore AS o WHERE DISTANCE(o.s_ra, o.s_dec, k.value_n, 0) < k.value_n;
SELECT "k"."dp_id" FROM "header"."keyword" AS "k", "ivoa"."obscore" AS "o" WHERE ((floor("o"."s_dec" * 60)::integer BETWEEN floor((least(greatest(0, -90), 90) - least(greatest("k"."value_n", 0), 180)) * 60 - 1e-6)::integer AND floor((least(greatest(0, -90), 90) + least(greatest("k"."value_n", 0), 180)) * 60 + 1e-6)::integer AND "o"."s_ra" BETWEEN ("k"."value_n" - 360 * floor("k"."value_n" / 360)) - ("k"."value_n" + 1e-9) / greatest(cos(radians(abs(0) + ("k"."value_n" + 1e-9))), ("k"."value_n" + 1e-9) / 360) AND ("k"."value_n" - 360 * floor("k"."value_n" / 360)) + ("k"."value_n" + 1e-9) / greatest(cos(radians(abs(0) + ("k"."value_n" + 1e-9))), ("k"."value_n" + 1e-9) / 360)) OR (floor("o"."s_dec" * 60)::integer BETWEEN CASE WHEN ("k"."value_n" - 360 * floor("k"."value_n" / 360)) < ("k"."value_n" + 1e-9) / greatest(cos(radians(abs(0) + ("k"."value_n" + 1e-9))), ("k"."value_n" + 1e-9) / 360) THEN floor((least(greatest(0, -90), 90) - least(greatest("k"."value_n", 0), 180)) * 60 - 1e-6)::integer - 1 END AND floor((least(greatest(0, -90), 90) + least(greatest("k"."value_n", 0), 180)) * 60 + 1e-6)::integer AND "o"."s_ra" >= ("k"."value_n" - 360 * floor("k"."value_n" / 360)) + 360 - ("k"."value_n" + 1e-9) / greatest(cos(radians(abs(0) + ("k"."value_n" + 1e-9))), ("k"."value_n" + 1e-9) / 360)) OR (floor("o"."s_dec" * 60)::integer BETWEEN CASE WHEN ("k"."value_n" - 360 * floor("k"."value_n" / 360)) + ("k"."value_n" + 1e-9) / greatest(cos(radians(abs(0) + ("k"."value_n" + 1e-9))), ("k"."value_n" + 1e-9) / 360) >= 360 THEN floor((least(greatest(0, -90), 90) - least(greatest("k"."value_n", 0), 180)) * 60 - 1e-6)::integer END AND floor((least(greatest(0, -90), 90) + least(greatest("k"."value_n", 0), 180)) * 60 + 1e-6)::integer + 1 AND "o"."s_ra" <= ("k"."value_n" - 360 * floor("k"."value_n" / 360)) - 360 + ("k"."value_n" + 1e-9) / greatest(cos(radians(abs(0) + ("k"."value_n" + 1e-9))), ("k"."value_n" + 1e-9) / 360))) AND vo.distance("o"."s_ra", "o"."s_dec", "k"."value_n", 0) < "k"."value_n";

-- title: two positions of one row need no index
SELECT dp_id FROM dbo.raw WHERE DISTANCE(ra, dec, ra_pnt, dec_pnt) > 0.01 AND DISTANCE(ra, dec, ra_pnt, dec_pnt) < 1;
SELECT "dp_id" FROM "dbo"."raw" WHERE vo.distance("ra", "dec", "ra_pnt", "dec_pnt") > 0.01::double precision AND vo.distance("ra", "dec", "ra_pnt", "dec_pnt") < 1;

-- title: a cone of each row's own size
SELECT dp_id FROM ivoa.obscore WHERE CONTAINS(POINT(10.68, 41.27), CIRCLE(s_ra, s_dec, s_fov)) = 1;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE vo.distance(10.68::double precision, 41.27::double precision, "s_ra", "s_dec") <= "s_fov";

-- title: an index in a sub-query
SELECT t.dp_id FROM (SELECT dp_id, s_ra, s_dec FROM ivoa.obscore) AS t WHERE DISTANCE(t.s_ra, t.s_dec, 10.68, 41.27) < 0.1;
SELECT "dp_id" FROM (SELECT "dp_id", "s_ra", "s_dec", "hpx" AS "s_ra hpx" FROM "ivoa"."obscore") AS "t" WHERE <pixels> AND vo.distance("s_ra", "s_dec", 10.68::double precision, 41.27::double precision) < 0.1::double precision;

-- title: distances as values
SELECT DISTANCE(POINT(s_ra, s_dec), POINT(10.68, 41.27)) AS d FROM ivoa.obscore ORDER BY d;
SELECT vo.distance("s_ra", "s_dec", 10.68::double precision, 41.27::double precision) AS "d" FROM "ivoa"."obscore" ORDER BY 1;

-- title: predicates as values
SELECT CONTAINS(POINT(s_ra, s_dec), CIRCLE(10.68, 41.27, 1)) AS inside, INTERSECTS(s_region, s_region) + 1 FROM ivoa.obscore;
SELECT (vo.distance("s_ra", "s_dec", 10.68::double precision, 41.27::double precision) <= 1.0::double precision)::integer AS "inside", (vo.intersects("s_shape", "s_shape"))::integer + 1 AS "col2" FROM "ivoa"."obscore";

-- title: geometries as values leave as STC-S
SELECT POINT(s_ra, s_dec) AS p, CIRCLE(s_ra, s_dec, s_fov) AS c, CIRCLE(1, 2, 3) AS f, s_region FROM ivoa.obscore;
SELECT vo.region_text(vo.point_shape("s_ra", "s_dec")) AS "p", vo.region_text(vo.circle_shape("s_ra", "s_dec", "s_fov")) AS "c", vo.region_text(<shape>) AS "f", "s_region" FROM "ivoa"."obscore";

-- title: polygons and boxes of columns
SELECT POLYGON(s_ra, s_dec, s_ra + 1, s_dec, s_ra, s_dec + 1) AS p, BOX(s_ra, s_dec, 1, 1) AS b FROM ivoa.obscore;
SELECT vo.region_text(vo.polygon_shape(VARIADIC ARRAY["s_ra", "s_dec", "s_ra" + 1, "s_dec", "s_ra", "s_dec" + 1]::float8[])) AS "p", vo.region_text(vo.box_shape("s_ra", "s_dec", 1, 1)) AS "b" FROM "ivoa"."obscore";

-- title: area, centre and coordinates
SELECT AREA(s_region), COORD1(CENTROID(s_region)), COORD2(POINT(s_ra, s_dec)), COORDSYS(s_region) FROM ivoa.obscore;
SELECT vo.area("s_shape") AS "area", (vo.centroid_ra("s_shape"))::double precision AS "coord1", ("s_dec")::double precision AS "coord2", 'ICRS' AS "coordsys" FROM "ivoa"."obscore";

-- title: geometry made in a sub-query
SELECT t.p FROM (SELECT POINT(s_ra, s_dec) AS p FROM ivoa.obscore) AS t WHERE CONTAINS(t.p, CIRCLE(10.68, 41.27, 1)) = 1;
SELECT vo.region_text("p") AS "p" FROM (SELECT vo.point_shape("s_ra", "s_dec") AS "p" FROM "ivoa"."obscore") AS "t" WHERE vo.contains(<shape>, "p");

-- title: a circle from a string
SELECT dp_id FROM ivoa.obscore WHERE CONTAINS(POINT(s_ra, s_dec), CAST('10.68 41.27 1' AS CIRCLE)) = 1;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <pixels> AND vo.distance("s_ra", "s_dec", 10.68::double precision, 41.27::double precision) <= 1.0::double precision;

-- title: a region is its text beside other strings
SELECT dp_id FROM ivoa.obscore WHERE s_region LIKE 'CIRCLE%' AND s_region IS NOT NULL;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE "s_region" LIKE 'CIRCLE%' AND "s_region" IS NOT NULL;

-- title: a galactic position is turned to ICRS
SELECT dp_id FROM ivoa.obscore WHERE DISTANCE(POINT(s_ra, s_dec), POINT('GALACTIC', 0, 90)) < 1;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <pixels> AND vo.distance("s_ra", "s_dec", 192.85948::double precision, 27.128249999999998::double precision) < 1;

-- title: a cone with a column as the radius of a constant position
SELECT dp_id FROM ivoa.obscore WHERE 1 = CONTAINS(POINT(10, 20), CIRCLE(s_ra, s_dec, s_fov));
SELECT "dp_id" FROM "ivoa"."obscore" WHERE vo.distance(10, 20, "s_ra", "s_dec") <= "s_fov";

-- title: a cone in the galactic frame
SELECT dp_id FROM ivoa.obscore WHERE 1 = CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('GALACTIC', 0, 0, 1));
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <pixels> AND vo.distance("s_ra", "s_dec", 266.4049948010461::double precision, -28.936173960138692::double precision) <= 1.0::double precision;

-- title: a cone and a condition more
SELECT dp_id FROM ivoa.obscore WHERE calib_level = 2 AND 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(10, 20, 0.1));
SELECT "dp_id" FROM "ivoa"."obscore" WHERE "calib_level" = 2 AND <pixels> AND vo.distance("s_ra", "s_dec", 10.0::double precision, 20.0::double precision) <= 0.1::double precision;

-- title: one of two cones
SELECT dp_id FROM ivoa.obscore WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(10, 20, 0.1)) OR 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(30, 20, 0.1));
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <pixels> AND vo.distance("s_ra", "s_dec", 10.0::double precision, 20.0::double precision) <= 0.1::double precision OR <pixels> AND vo.distance("s_ra", "s_dec", 30.0::double precision, 20.0::double precision) <= 0.1::double precision;

-- title: a footprint in a footprint
SELECT a.dp_id FROM ivoa.obscore AS a, ivoa.obscore AS b WHERE 1 = CONTAINS(a.s_region, b.s_region);
SELECT "a"."dp_id" FROM "ivoa"."obscore" AS "a", "ivoa"."obscore" AS "b" WHERE "a"."s_box" && "b"."s_box" AND vo.contains("b"."s_shape", "a"."s_shape");

-- title: the shared area of footprints
SELECT ESO_INTERSECTION(a.s_region, b.s_region) AS shared FROM ivoa.obscore AS a, ivoa.obscore AS b WHERE INTERSECTS(a.s_region, b.s_region) = 1;
SELECT vo.overlap("a"."s_shape", "b"."s_shape") AS "shared" FROM "ivoa"."obscore" AS "a", "ivoa"."obscore" AS "b" WHERE "a"."s_box" && "b"."s_box" AND vo.intersects("a"."s_shape", "b"."s_shape");

-- title: footprints near a position
SELECT dp_id FROM ivoa.obscore WHERE DISTANCE(s_region, POINT(10, 20)) < 0.5;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE <box> && "s_box" AND vo.distance_to("s_shape", 10, 20) < 0.5::double precision;

-- title: how far a footprint is
SELECT DISTANCE(POINT(s_ra, s_dec), s_region) AS d FROM ivoa.obscore;
SELECT vo.distance_to("s_shape", "s_ra", "s_dec") AS "d" FROM "ivoa"."obscore";

-- title: a position in galactic coordinates
SELECT ivo_geom_transform('ICRS', 'GALACTIC', POINT(s_ra, s_dec)) AS p FROM ivoa.obscore;
SELECT vo.region_text(vo.point_shape((vo.galactic("s_ra", "s_dec", true))[1], (vo.galactic("s_ra", "s_dec", true))[2]), 'GALACTIC') AS "p" FROM "ivoa"."obscore";

-- title: a circle in galactic coordinates
SELECT ivo_geom_transform('ICRS', 'GALACTIC', CIRCLE(s_ra, s_dec, 1)) AS c FROM ivoa.obscore;
SELECT vo.region_text(vo.circle_shape((vo.galactic("s_ra", "s_dec", true))[1], (vo.galactic("s_ra", "s_dec", true))[2], 1), 'GALACTIC') AS "c" FROM "ivoa"."obscore";

-- title: galactic longitude of a position
SELECT COORD1(ivo_geom_transform('ICRS', 'GALACTIC', POINT(s_ra, s_dec))) AS l FROM ivoa.obscore;
SELECT ((vo.galactic("s_ra", "s_dec", true))[1])::double precision AS "l" FROM "ivoa"."obscore";

-- title: the frame of a geometry
SELECT COORDSYS(s_region) AS f, COORDSYS(ivo_geom_transform('ICRS', 'GALACTIC', POINT(s_ra, s_dec))) AS g FROM ivoa.obscore;
SELECT 'ICRS' AS "f", 'GALACTIC' AS "g" FROM "ivoa"."obscore";

-- title: a union as a region
SELECT dp_id FROM ivoa.obscore WHERE 1 = INTERSECTS(s_region, REGION('UNION ICRS ( CIRCLE 1 2 3 CIRCLE 5 6 1 )'));
SELECT "dp_id" FROM "ivoa"."obscore" WHERE "s_box" && <box> AND vo.intersects("s_shape", <shape>);

-- title: a predicate as a value of a comparison with a column
SELECT dp_id FROM ivoa.obscore WHERE calib_level = CONTAINS(POINT(s_ra, s_dec), CIRCLE(1, 2, 3));
SELECT "dp_id" FROM "ivoa"."obscore" WHERE "calib_level" = (vo.distance("s_ra", "s_dec", 1.0::double precision, 2.0::double precision) <= 3.0::double precision)::integer;

-- title: a footprint that is null
SELECT dp_id FROM ivoa.obscore WHERE s_region IS NULL;
SELECT "dp_id" FROM "ivoa"."obscore" WHERE "s_region" IS NULL;

-- Queries of clients

-- title: astroquery.eso looks for instruments
select table_name from TAP_SCHEMA.tables where schema_name='ist' order by table_name;
SELECT "table_name" FROM "tap_schema"."tables" WHERE "schema_name" = 'ist' ORDER BY 1;

-- title: astroquery.eso looks for columns
select column_name, datatype, unit, xtype from TAP_SCHEMA.columns where table_name = 'dbo.raw';
SELECT "column_name", "datatype", "unit", "xtype" FROM "tap_schema"."columns" WHERE "table_name" = 'dbo.raw';

-- title: astroquery.eso filters raw frames
select top 51 dp_id, exp_start from dbo.raw where instrument in ('UVES') and exp_start between '2023-01-01' and '2024-01-01' and intersects(s_region, circle('ICRS', 10.0, 41.0, 1.0))=1 order by dp_id desc;
SELECT "dp_id", to_char("exp_start", 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS "exp_start" FROM "dbo"."raw" WHERE "instrument" IN ('UVES') AND "exp_start" BETWEEN '2023-01-01T00:00:00'::timestamp AND '2024-01-01T00:00:00'::timestamp AND "s_box" && <box> AND vo.intersects("s_shape", <shape>) ORDER BY 1 DESC LIMIT 51;

-- title: TOPCAT reads the schemas
SELECT schema_name, description, utype FROM TAP_SCHEMA.schemas;
SELECT "schema_name", "description", "utype" FROM "tap_schema"."schemas";

-- title: TOPCAT reads the columns of one table
SELECT column_name, description, unit, ucd, utype, datatype, "size", principal, indexed, std FROM TAP_SCHEMA.columns WHERE table_name = 'ivoa.ObsCore';
SELECT "column_name", "description", "unit", "ucd", "utype", "datatype", "size", "principal", "indexed", "std" FROM "tap_schema"."columns" WHERE "table_name" = 'ivoa.ObsCore';

-- title: TOPCAT reads the foreign keys
SELECT k.key_id, k.target_table, c.from_column, c.target_column FROM TAP_SCHEMA.keys AS k JOIN TAP_SCHEMA.key_columns AS c ON k.key_id = c.key_id WHERE k.from_table = 'ivoa.ObsCore';
SELECT "k"."key_id", "k"."target_table", "c"."from_column", "c"."target_column" FROM "tap_schema"."keys" AS "k" JOIN "tap_schema"."key_columns" AS "c" ON "k"."key_id" = "c"."key_id" WHERE "k"."from_table" = 'ivoa.ObsCore';

-- title: taplint asks by an alias
SELECT TOP 10 t.ra AS a FROM dbo.raw AS t;
SELECT "ra" AS "a" FROM "dbo"."raw" AS "t" LIMIT 10;

-- title: taplint asks by names in double quotes
SELECT TOP 2 "ra", "dec" FROM "dbo"."raw";
SELECT "ra", "dec" FROM "dbo"."raw" LIMIT 2;

-- title: pyvo asks for ObsCore rows
SELECT TOP 100 * FROM TAP_SCHEMA.keys WHERE from_table = 'ivoa.ObsCore' OR target_table LIKE 'ivoa%';
SELECT "key_id", "from_table", "target_table", "description", "utype" FROM "tap_schema"."keys" WHERE "from_table" = 'ivoa.ObsCore' OR "target_table" LIKE 'ivoa%' LIMIT 100;

-- title: astroquery.eso counts volumes
SELECT dataproduct_type, COUNT(*) NumProducts, SUM(access_estsize)/1000000000. TB FROM ivoa.ObsCore GROUP BY dataproduct_type ORDER BY 3 DESC;
SELECT "dataproduct_type", count(*) AS "numproducts", sum("access_estsize")::bigint / 1000000000.0::double precision AS "tb" FROM "ivoa"."obscore" GROUP BY "obscore"."dataproduct_type" ORDER BY 3 DESC;

-- title: astroquery.eso rescales wavelengths
SELECT em_min*1E9 AS min_wavel_nm FROM ivoa.ObsCore WHERE target_name = 'a370' AND em_res_power < 3000;
SELECT "em_min" * 1000000000.0::double precision AS "min_wavel_nm" FROM "ivoa"."obscore" WHERE "target_name" = 'a370' AND "em_res_power" < 3000;

-- title: Aladin asks for a cone
SELECT TOP 1000 * FROM tap_schema.tables WHERE table_type='table';
SELECT "schema_name", "table_name", "table_type", "utype", "description", "table_index" FROM "tap_schema"."tables" WHERE "table_type" = 'table' LIMIT 1000;
