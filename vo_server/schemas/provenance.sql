-- The views of schema provenance: the archive's own tables in the terms of the IVOA Provenance Data Model 1.0.
-- A condition on an identifier must reach the index of the table below; tests look at the plans.
CREATE OR REPLACE VIEW provenance.entity AS
SELECT
    f.dp_id AS entity_id,
    f.origfile AS entity_name,
    coalesce(o.access_url, r.access_url) AS entity_location,
    f.kind AS entity_type,
    f.category AS entity_category,
    f.media_type AS entity_contenttype
FROM archive.file AS f
LEFT JOIN ivoa.obscore AS o ON o.dp_id = f.dp_id
LEFT JOIN dbo.raw AS r ON r.dp_id = f.dp_id;

CREATE OR REPLACE VIEW provenance.activity AS
SELECT
    a.activity_id,
    a.recipe AS activity_name,
    a.started AT TIME ZONE 'UTC' AS activity_starttime,
    a.ended AT TIME ZONE 'UTC' AS activity_endtime,
    coalesce(a.pipeline || ':', '') || a.recipe AS activitydescription_id
FROM archive.activity AS a;

CREATE OR REPLACE VIEW provenance.used AS
SELECT
    u.activity_id,
    u.pos AS used_index,
    u.entity AS entity_id,
    u.category AS used_role,
    CASE u.kind WHEN 'raw' THEN 'Main' ELSE 'Calibration' END AS used_type
FROM archive.used AS u;

CREATE OR REPLACE VIEW provenance.wasgeneratedby AS
SELECT
    g.dp_id AS entity_id,
    g.activity_id,
    g.category AS wasgeneratedby_role
FROM archive.generation AS g
WHERE g.step = 0;

CREATE OR REPLACE VIEW provenance.wasderivedfrom AS
SELECT
    p.dp_id AS entity_id,
    p.pos AS wasderivedfrom_index,
    p.entity AS usedentity_id
FROM archive.provenance AS p;

CREATE OR REPLACE VIEW provenance.wasinformedby AS
SELECT DISTINCT
    later.activity_id AS informed_id,
    earlier.activity_id AS informant_id
FROM archive.generation AS later
JOIN archive.generation AS earlier ON earlier.dp_id = later.dp_id AND earlier.step = later.step + 1;

CREATE OR REPLACE VIEW provenance.activitydescription AS
SELECT DISTINCT
    coalesce(a.pipeline || ':', '') || a.recipe AS activitydescription_id,
    a.recipe AS activitydescription_name,
    a.pipeline AS activitydescription_version,
    'Reduction' AS activitydescription_type
FROM archive.activity AS a;

CREATE OR REPLACE VIEW provenance.parameter AS
SELECT
    p.activity_id,
    p.pos AS parameter_index,
    p.name AS parameter_name,
    p.value AS parameter_value,
    p.default_value AS parameter_default
FROM archive.parameter AS p;

CREATE OR REPLACE VIEW provenance.agent AS
SELECT DISTINCT
    o.obs_creator_name AS agent_id,
    o.obs_creator_name AS agent_name,
    CAST(NULL AS text) AS agent_type
FROM ivoa.obscore AS o
WHERE o.obs_creator_name IS NOT NULL
UNION ALL
SELECT DISTINCT
    a.pipeline,
    a.pipeline,
    'SoftwareAgent'
FROM archive.activity AS a
WHERE a.pipeline IS NOT NULL;

CREATE OR REPLACE VIEW provenance.wasattributedto AS
SELECT
    o.dp_id AS entity_id,
    o.obs_creator_name AS agent_id,
    'Creator' AS wasattributedto_role
FROM ivoa.obscore AS o
WHERE o.obs_creator_name IS NOT NULL;

CREATE OR REPLACE VIEW provenance.wasassociatedwith AS
SELECT
    a.activity_id,
    a.pipeline AS agent_id,
    'Operator' AS wasassociatedwith_role
FROM archive.activity AS a
WHERE a.pipeline IS NOT NULL;
