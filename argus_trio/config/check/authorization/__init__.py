"""Whether what a configuration says about roles and views makes sense, and what it comes to for one principal.

- `check_authorization` judges `type: rbac` and `views` as wholes: who has which role, and where.
- `check_rules` judges one rule, and whether it can match anything; `check_conditions` one condition.
- `explain` says what a principal may do, from the file alone.

What may come in: what can be said without a running gateway. The decision itself belongs to `core/access`, so that the
answer is the one that a call would get; how rules are read from the model to `config/policy`.
"""
