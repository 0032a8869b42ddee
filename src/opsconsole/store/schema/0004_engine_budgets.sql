-- What an engine last said of its pace in each tenant: JSON by the id of the tenant's row.

ALTER TABLE engines ADD COLUMN budgets TEXT NOT NULL DEFAULT '{}';
