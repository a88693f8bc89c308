//! What is good OpenAPI and cannot be meant.

use super::*;

#[test]
fn what_cannot_be_meant() {
    let limit = |limits: Value| {
        let mut schema = json!({"type": "integer"});
        schema.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
        with(PARAMETERS, query("size", schema))
    };
    let place = "get /v2/access/drills/{drillId} query size";
    let twin = json!({"/v2/access/drills/{name}": {"get": {
        "operationId": "get_twin",
        "parameters": [{"name": "name", "in": "path", "required": true, "schema": {"type": "string"}}],
        "responses": {"204": {"description": "D"}},
    }}});
    let required = |name: &str, field: Value| {
        let mut document = with(CHANGE, json!({"inner": field}));
        document["components"]["schemas"]["DrillChange"]["required"] = json!([name]);
        document
    };
    let pet = json!({
        "oneOf": [{"$ref": "#/components/schemas/Drill"}],
        "discriminator": {"propertyName": "kind", "mapping": {"c": "#/components/schemas/Gone"}},
    });
    expect(vec![
        (with("", json!({"jsonSchemaDialect": "urn:other"})), "jsonSchemaDialect", "urn:other"),
        (with("", json!({"webhooks": [1]})), "webhooks", "no object"),
        (with("/paths", twin), "/v2/access/drills/{name}", "another name"),
        (with(DRILL, json!({"pet": pet})), "Drill.pet", "Gone"),
        (
            with(DRILL, json!({"odd": {"allOf": [{"type": "string"}, {"type": ["integer", "null"]}]}})),
            "Drill.odd",
            "string and integer",
        ),
        (required("colour", json!({"type": "string"})), "DrillChange.colour", "none of the fields"),
        (
            required("inner", json!({"$ref": "#/components/schemas/DrillChange"})),
            "DrillChange",
            "leads back to DrillChange",
        ),
        (limit(json!({"exclusiveMinimum": true})), place, "OpenAPI 3.0"),
        (limit(json!({"maximum": 40.5})), place, "40.5"),
        (limit(json!({"maximum": 1e40})), place, "maximum"),
    ]);
    for right in [
        with(DRILL, json!({"even": {"allOf": [{"type": "number"}, {"type": "integer"}]}})),
        with(DRILL, json!({"self": {"$ref": "#/components/schemas/Drill"}})),
        limit(json!({"maximum": 40, "exclusiveMinimum": 0})),
        with("", json!({"jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema"})),
    ] {
        assert_eq!(check(&right, &Ignored::default()), []);
    }
}
