-- header.keyword: every card of every header as a row, read from the sections and slots that are stored.
-- What is asked of one file decodes the headers of this file only. `vo_server.headers.cards` reads the same in
-- Python, `vo_server.headers.rows` in Arrow; a test compares them.
CREATE OR REPLACE VIEW header.keyword AS
SELECT
    h.dp_id,
    h.hdu,
    CAST(line.n - 1 AS integer) AS pos,
    coalesce(line.keyword, '') AS keyword,
    typed.vtype,
    CASE
        WHEN left(typed.token, 1) = '''' THEN
            replace(rtrim(substr(typed.token, 2, length(typed.token) - 2), ' '), '''''', '''')
        WHEN typed.vtype = 'S' OR line.kind = 'B' THEN typed.token
    END AS value_s,
    CASE
        WHEN typed.vtype IN ('I', 'F') AND line.kind <> 'B' THEN
            CAST(translate(typed.token, 'Dd', 'EE') AS double precision)
    END AS value_n,
    CASE WHEN typed.vtype = 'L' THEN typed.token = 'T' END AS value_l,
    nullif(
        CASE
            WHEN line.kind = 'C' THEN NULL
            WHEN typed.is_plain THEN line.unit
            ELSE substring(typed.comment FROM '^\[([^]]{1,40})\]')
        END, ''
    ) AS unit,
    typed.comment
FROM archive.header AS h
CROSS JOIN LATERAL (
    SELECT
        string_to_array(string_agg(s.kinds, E'\n' ORDER BY named.n), E'\n') AS kinds,
        string_to_array(string_agg(s.keywords, E'\n' ORDER BY named.n), E'\n') AS keywords,
        string_to_array(string_agg(s.comments, E'\n' ORDER BY named.n), E'\n') AS comments,
        string_to_array(string_agg(s.units, E'\n' ORDER BY named.n), E'\n') AS units
    FROM unnest(h.sections) WITH ORDINALITY AS named (section_id, n)
    JOIN archive.header_section AS s ON s.section_id = named.section_id
) AS form
CROSS JOIN LATERAL unnest(
    form.kinds, form.keywords, form.comments, form.units, string_to_array(h.slots, E'\n')
) WITH ORDINALITY AS line (kind, keyword, comment, unit, slot, n)
-- A slot has: value, its comment where that is not of the form; of a long string also the whole and its comment.
CROSS JOIN LATERAL (
    SELECT
        coalesce(strpos(line.slot, E'\t'), 0) = 0 AS is_plain,
        CASE
            WHEN line.kind = 'C' THEN ''
            WHEN strpos(line.slot, E'\t') = 0 THEN btrim(line.slot, ' ')
            WHEN split_part(line.slot, E'\t', 3) <> '' THEN split_part(line.slot, E'\t', 3)
            ELSE btrim(split_part(line.slot, E'\t', 1), ' ')
        END AS token,
        coalesce(
            CASE
                WHEN line.kind = 'C' THEN line.slot
                WHEN strpos(line.slot, E'\t') = 0 THEN line.comment
                WHEN split_part(line.slot, E'\t', 3) <> '' THEN split_part(line.slot, E'\t', 4)
                ELSE btrim(substr(ltrim(split_part(line.slot, E'\t', 2), ' '), 2), ' ')
            END, ''
        ) AS comment
    OFFSET 0
) AS parted
CROSS JOIN LATERAL (
    SELECT
        parted.is_plain,
        coalesce(parted.token, '') AS token,
        parted.comment,
        CASE
            WHEN coalesce(parted.token, '') = '' THEN 'C'
            WHEN left(parted.token, 1) IN ('''', '(') THEN 'S'
            WHEN parted.token IN ('T', 'F') THEN 'L'
            WHEN translate(parted.token, '+-0123456789', '') = '' AND length(parted.token) < 4000 THEN 'I'
            ELSE 'F'
        END AS vtype
    OFFSET 0
) AS typed
WHERE line.kind <> 'X';
