-- What is refused: a query, then line:column and a part of the message.

-- title: nothing at all
;
1:1 the query is empty

-- title: only a comment
-- SELECT;
1:10 ends too early

-- title: another statement
DROP TABLE ivoa.obscore;
1:1 only SELECT queries

-- title: a statement that writes
INSERT INTO dbo.raw VALUES (1);
1:1 only SELECT queries

-- title: two statements
SELECT dp_id FROM dbo.raw; SELECT dp_id FROM dbo.raw;
1:28 one query at a time

-- title: two statements of which one writes
SELECT dp_id FROM dbo.raw; DELETE FROM dbo.raw;
1:28 only SELECT queries

-- title: no FROM
SELECT 1;
1:9 AS or FROM

-- title: no select list
SELECT FROM dbo.raw;
1:8 expected a value

-- title: a missing value
SELECT dp_id FROM dbo.raw WHERE ra = ;
1:37 ends too early

-- title: a missing parenthesis
SELECT ABS(ra FROM dbo.raw;
1:15 FROM is not possible here

-- title: a parenthesis too many
SELECT ABS(ra)) FROM dbo.raw;
1:15 ) is not possible here

-- title: the place in a longer query
SELECT dp_id
FROM dbo.raw
WHERE ra > 5
  AND AND dec < 3;
4:7 AND is not possible here

-- title: LIMIT
SELECT dp_id FROM dbo.raw LIMIT 10;
1:33 write SELECT TOP n

-- title: LIMIT after a condition
SELECT dp_id FROM dbo.raw WHERE ra > 1 LIMIT 10;
1:40 write SELECT TOP n

-- title: FETCH FIRST
SELECT dp_id FROM dbo.raw FETCH FIRST 5 ROWS ONLY;
1:27 write SELECT TOP n

-- title: a cast of PostgreSQL
SELECT ra::integer FROM dbo.raw;
1:10 CAST(value AS type)

-- title: equality of a programming language
SELECT dp_id FROM dbo.raw WHERE ra == 5;
1:37 write '=' for equality

-- title: a comment of a programming language
SELECT /* all */ dp_id FROM dbo.raw;
1:8 begins with '--'

-- title: backticks
SELECT `dp_id` FROM dbo.raw;
1:8 double quotes

-- title: brackets
SELECT [dp_id] FROM dbo.raw;
1:8 double quotes

-- title: a parameter
SELECT dp_id FROM dbo.raw WHERE ra = $1;
1:38 has no meaning

-- title: DISTINCT ON
SELECT DISTINCT ON (instrument) dp_id FROM dbo.raw;
1:17 ON is not possible here

-- title: NULLS FIRST
SELECT dp_id FROM dbo.raw ORDER BY ra NULLS FIRST;
1:39 only ASC or DESC

-- title: a row of values
SELECT dp_id FROM dbo.raw WHERE (ra, dec) IN ((1, 2));
1:36 , is not possible here

-- title: LIKE with ESCAPE
SELECT dp_id FROM dbo.raw WHERE object LIKE 'a!%' ESCAPE '!';
1:51 no ESCAPE

-- title: a window function
SELECT COUNT(*) OVER (PARTITION BY instrument) FROM dbo.raw;
1:22 no window functions

-- title: ANY
SELECT dp_id FROM dbo.raw WHERE ra = ANY (SELECT ra FROM dbo.raw);
1:38 write IN or EXISTS

-- title: a typed literal
SELECT dp_id FROM dbo.raw WHERE exp_start > TIMESTAMP '2020-01-01';
1:45 AS TIMESTAMP)

-- title: a recursive WITH
WITH RECURSIVE a AS (SELECT ra FROM dbo.raw) SELECT ra FROM a;
1:16 not recursive

-- title: WITH in a sub-query
SELECT ra FROM (WITH a AS (SELECT ra FROM dbo.raw) SELECT ra FROM a) AS b;
1:17 WITH is not possible here

-- title: VALUES
SELECT * FROM (VALUES (1)) AS t;
1:16 VALUES is a reserved word

-- title: a reserved word as a column
SELECT size FROM TAP_SCHEMA.columns;
1:8 must be written "size"

-- title: a reserved word as an alias
SELECT ra AS value FROM dbo.raw;
1:14 must be written "value"

-- title: the name of a function as a column
SELECT distance FROM dbo.raw;
1:17 FROM is not possible here

-- title: a string that is not closed
SELECT dp_id FROM dbo.raw WHERE object = 'M31;
1:42 not closed

-- title: a name that is not closed
SELECT "dp_id FROM dbo.raw;
1:8 not closed

-- title: a hexadecimal number that no type holds
SELECT 0xFFFFFFFFFFFFFFFFFF FROM dbo.raw;
1:8 too large for a BIGINT

-- title: JOIN without a condition
SELECT r.ra FROM dbo.raw AS r JOIN ivoa.obscore AS o;
1:31 INNER JOIN wants ON

-- title: a name that begins with an underscore
SELECT _ra FROM dbo.raw;
1:8 begins with a letter

-- title: TOP of a fraction
SELECT TOP 1.5 ra FROM dbo.raw;
1:12 whole number

-- title: TOP without a number
SELECT TOP ra FROM dbo.raw;
1:12 expected a number

-- title: TOP too large
SELECT TOP 99999999999999999999 ra FROM dbo.raw;
1:12 whole number

-- title: a number beyond doubles
SELECT 1e999 FROM dbo.raw;
1:8 too large

-- title: a predicate that is not compared
SELECT ra FROM dbo.raw WHERE CONTAINS(POINT(ra, dec), CIRCLE(1, 2, 3));
1:71 compare it, as in 1 = CONTAINS

-- title: a derived table without a name
SELECT ra FROM (SELECT ra FROM dbo.raw);
1:40 expected a name

-- title: an unknown column
SELECT em_mim FROM ivoa.obscore;
1:8 did you mean em_min

-- title: an unknown column that resembles nothing
SELECT xyzzy FROM ivoa.obscore;
1:8 there is no column xyzzy in ivoa.obscore

-- title: an unknown column of a table
SELECT o.em_mim FROM ivoa.obscore AS o;
1:8 did you mean em_min

-- title: an unknown alias
SELECT x.em_min FROM ivoa.obscore AS o;
1:8 x is no table or alias

-- title: the table's name when it has an alias
SELECT obscore.em_min FROM ivoa.obscore AS o;
1:8 obscore is no table or alias

-- title: all columns of an unknown alias
SELECT x.* FROM ivoa.obscore AS o;
1:8 x is no table or alias

-- title: a string in double quotes
SELECT dp_id FROM dbo.raw WHERE instrument = "UVES";
1:46 single quotes: 'UVES'

-- title: a name in double quotes of the wrong case
SELECT "EM_MIN" FROM ivoa.obscore;
1:8 did you mean em_min

-- title: a hidden column
SELECT hpx FROM ivoa.obscore;
1:8 there is no column hpx

-- title: a hidden column of a derived table
SELECT "s_ra hpx" FROM (SELECT s_ra, s_dec FROM ivoa.obscore) AS t;
1:8 there is no column

-- title: an unknown table
SELECT ra FROM dbo.row;
1:16 did you mean dbo.raw

-- title: a table of another schema
SELECT ra FROM ivoa.raw;
1:16 did you mean dbo.raw

-- title: a table of the database that is not published
SELECT * FROM archive.file;
1:15 there is no table archive.file

-- title: a catalogue of the database itself
SELECT * FROM pg_catalog.pg_class;
1:15 there is no table pg_catalog.pg_class

-- title: a table with a database in front
SELECT * FROM postgres.dbo.raw;
1:15 there is no table postgres.dbo.raw

-- title: a column of two tables
SELECT dp_id FROM dbo.raw, ivoa.obscore;
1:8 ambiguous

-- title: one name for two tables
SELECT t.ra FROM dbo.raw AS t, ivoa.obscore AS T;
1:48 names two tables

-- title: a table of WITH twice
WITH a AS (SELECT ra FROM dbo.raw), a AS (SELECT dec FROM dbo.raw) SELECT ra FROM a;
1:37 twice

-- title: a table beside a derived one is not in its scope
SELECT t.x FROM dbo.raw AS r, (SELECT r.ra AS x FROM ivoa.obscore) AS t;
1:39 r is no table or alias

-- title: USING a column of one side
SELECT key_id FROM TAP_SCHEMA.keys JOIN TAP_SCHEMA.schemas USING (key_id);
1:67 on each side

-- title: an outer join without a condition
SELECT r.ra FROM dbo.raw AS r LEFT JOIN ivoa.obscore AS o;
1:36 LEFT JOIN wants ON

-- title: NATURAL JOIN with a condition
SELECT r.ra FROM dbo.raw AS r NATURAL JOIN ivoa.obscore AS o ON r.ra = o.s_ra;
1:31 NATURAL takes no ON

-- title: an unknown function
SELECT SINE(ra) FROM dbo.raw;
1:8 there is no function sine; did you mean sin

-- title: a function of PostgreSQL
SELECT pg_sleep(10) FROM dbo.raw;
1:8 there is no function pg_sleep

-- title: a function of ours that clients may not call
SELECT "vo".distance(1, 2, 3, 4) FROM dbo.raw;
1:13 distance is a reserved word

-- title: too few arguments
SELECT POWER(ra) FROM dbo.raw;
1:8 POWER has 1 argument; call it POWER(x, y)

-- title: too many arguments
SELECT SIN(ra, dec) FROM dbo.raw;
1:8 SIN has 2 arguments; call it SIN(x)

-- title: an argument of the wrong type
SELECT SIN(object) FROM dbo.raw;
1:8 SIN does not take a string

-- title: decimals that are no integer
SELECT ROUND(ra, 1.5) FROM dbo.raw;
1:8 ROUND does not take a number and a number

-- title: a number as a string
SELECT LOWER(ra) FROM dbo.raw;
1:8 LOWER does not take a number

-- title: arithmetic of strings
SELECT object + 1 FROM dbo.raw;
1:8 a number is wanted here, not a string

-- title: plus for strings
SELECT object + 'a' FROM dbo.raw;
1:8 joined by ||

-- title: concatenation of numbers
SELECT object || ra FROM dbo.raw;
1:18 CAST(... AS VARCHAR)

-- title: a number compared with a word
SELECT ra FROM dbo.raw WHERE ra = 'M31';
1:35 compared with a number and is none

-- title: a number compared with a column of strings
SELECT ra FROM dbo.raw WHERE ra = object;
1:33 use CAST

-- title: a date without quotes
SELECT ra FROM dbo.raw WHERE exp_start < 2024-01-01;
1:40 write timestamps as strings

-- title: a timestamp that is none
SELECT ra FROM dbo.raw WHERE exp_start < '1 January 2024';
1:42 is no timestamp

-- title: a day that is none
SELECT ra FROM dbo.raw WHERE exp_start < '2024-02-30';
1:42 is no timestamp

-- title: a pattern on a number
SELECT ra FROM dbo.raw WHERE ra LIKE '1%';
1:33 a string is wanted here

-- title: less than of booleans
SELECT hdu FROM header.keyword WHERE value_l < TRUE;
1:46 equal or not

-- title: a word as a boolean
SELECT hdu FROM header.keyword WHERE value_l = 'maybe';
1:48 write TRUE or FALSE

-- title: remainder of doubles
SELECT ra % 2 FROM dbo.raw;
1:11 MOD(x, y)

-- title: CAST to an unknown type
SELECT CAST(ra AS REGION) FROM dbo.raw;
1:8 CAST knows no type REGION

-- title: CAST of a boolean to a number
SELECT CAST(value_l AS INTEGER) FROM header.keyword;
1:8 CAST cannot make

-- title: CASE of strings and numbers
SELECT CASE WHEN ra > 1 THEN object ELSE 5 END FROM dbo.raw;
1:8 no kind in common

-- title: COALESCE of strings and numbers
SELECT COALESCE(ra, object) FROM dbo.raw;
1:8 no kind in common

-- title: IN_UNIT of a number without a unit
SELECT IN_UNIT(42, 'kg') FROM dbo.raw;
1:8 without a unit

-- title: IN_UNIT to another quantity
SELECT IN_UNIT(ra, 'kg') FROM dbo.raw;
1:8 cannot be converted

-- title: IN_UNIT to no unit
SELECT IN_UNIT(ra, 'foo') FROM dbo.raw;
1:8 not a unit

-- title: a column that is not grouped by
SELECT instrument, object, COUNT(*) FROM dbo.raw GROUP BY instrument;
1:20 object must be in GROUP BY

-- title: a column beside an aggregate
SELECT object, COUNT(*) FROM dbo.raw;
1:8 object must be in GROUP BY

-- title: HAVING of a column
SELECT instrument FROM dbo.raw GROUP BY instrument HAVING ra > 5;
1:1 ra must be in GROUP BY

-- title: ORDER BY of a column that is not grouped by
SELECT instrument FROM dbo.raw GROUP BY instrument ORDER BY ra;
1:61 ra must be in GROUP BY

-- title: an aggregate in WHERE
SELECT ra FROM dbo.raw WHERE COUNT(*) > 5;
1:30 use HAVING

-- title: an aggregate in an aggregate
SELECT MAX(COUNT(ra)) FROM dbo.raw;
1:12 inside another aggregate

-- title: DISTINCT in a function
SELECT ABS(DISTINCT ra) FROM dbo.raw;
1:8 only in aggregates

-- title: a star in a function
SELECT SUM(*) FROM dbo.raw;
1:12 possible in COUNT

-- title: a position beyond the select list
SELECT ra FROM dbo.raw ORDER BY 2;
1:33 from 1 to 1

-- title: DISTINCT and a foreign order
SELECT DISTINCT ra FROM dbo.raw ORDER BY dec;
1:42 only columns of the select list

-- title: a union ordered by an expression
SELECT ra FROM dbo.raw UNION SELECT s_ra FROM ivoa.obscore ORDER BY ra + 1;
1:72 names or positions

-- title: a union of different widths
SELECT ra, dec FROM dbo.raw UNION SELECT s_ra FROM ivoa.obscore;
1:35 as many columns

-- title: a union of numbers and strings
SELECT ra FROM dbo.raw UNION SELECT dp_id FROM ivoa.obscore;
1:30 column ra is a number on the left, a string on the right

-- title: a value from two columns
SELECT (SELECT ra, dec FROM dbo.raw) FROM dbo.raw;
1:9 has one column, not 2

-- title: IN a sub-query of two columns
SELECT ra FROM dbo.raw WHERE ra IN (SELECT ra, dec FROM dbo.raw);
1:33 has one column, not 2

-- title: IN a sub-query of strings
SELECT ra FROM dbo.raw WHERE ra IN (SELECT object FROM dbo.raw);
1:33 cannot be compared

-- title: a declination beyond the pole
SELECT ra FROM dbo.raw WHERE CONTAINS(POINT(ra, dec), CIRCLE(10, 95, 1)) = 1;
1:66 between -90 and 90

-- title: a negative radius
SELECT ra FROM dbo.raw WHERE CONTAINS(POINT(ra, dec), CIRCLE(10, 5, -1)) = 1;
1:69 between 0 and 180

-- title: an unknown coordinate system
SELECT ra FROM dbo.raw WHERE CONTAINS(POINT('B1950', ra, dec), CIRCLE(10, 5, 1)) = 1;
1:45 no coordinate system 'B1950'

-- title: a polygon of two points
SELECT POLYGON(1, 2, 3, 4) FROM dbo.raw;
1:8 POLYGON has 4 arguments

-- title: CONTAINS of numbers
SELECT ra FROM dbo.raw WHERE CONTAINS(ra, dec) = 1;
1:30 CONTAINS takes geometries

-- title: an STC-S text that is none
SELECT ra FROM dbo.raw WHERE CONTAINS(POINT(ra, dec), REGION('BLOB 1 2')) = 1;
1:62 BLOB

-- title: a region whose footprint was lost
SELECT t.s_region FROM (SELECT DISTINCT s_region FROM dbo.raw) AS t WHERE INTERSECTS(t.s_region, CIRCLE(1, 2, 3)) = 1;
1:75 no indexed footprint

-- title: comparing geometries
SELECT ra FROM dbo.raw WHERE POINT(ra, dec) = POINT(1, 2);
1:45 no other operators

-- title: nested too deep
SELECT ((((((((((((((((((((((((((((((((((((((((((((((((((((ra)))))))))))))))))))))))))))))))))))))))))))))))))))) FROM dbo.raw;
1:58 nested more than 50 deep

-- title: a full join by geometry
SELECT a.ra FROM dbo.raw AS a FULL JOIN ivoa.obscore AS o ON 1 = CONTAINS(POINT(a.ra, a.dec), o.s_region);
1:36 FULL JOIN takes conditions with an equality

-- title: a full join by an inequality
SELECT a.ra FROM dbo.raw AS a FULL JOIN ivoa.obscore AS o ON a.ra < o.s_ra;
1:36 FULL JOIN takes conditions with an equality

-- title: the distance of two regions
SELECT DISTANCE(s_region, CIRCLE(1, 2, 3)) FROM ivoa.obscore;
1:8 DISTANCE takes points

-- title: the shared area of a number
SELECT ESO_INTERSECTION(s_region, 5) FROM ivoa.obscore;
1:8 takes geometries, not an integer

-- title: a footprint in another frame
SELECT ivo_geom_transform('ICRS', 'GALACTIC', s_region) FROM ivoa.obscore;
1:8 takes points, circles and polygons
