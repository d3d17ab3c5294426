// The styles for browsers. Rules about blank lines and line breaks are off: the author decides on the layout.

export default {
  extends: "stylelint-config-standard",
  reportDescriptionlessDisables: true,
  reportNeedlessDisables: true,
  rules: {
    "at-rule-empty-line-before": null,
    "custom-property-empty-line-before": null,
    "declaration-block-single-line-max-declarations": null,
    "rule-empty-line-before": null,
    // It compares selectors of elements that never meet.
    "no-descending-specificity": null,
    // Django's admin and our event kinds write names with an underscore.
    "selector-class-pattern": "^[a-z][a-z0-9_-]*$",
    "selector-id-pattern": "^[a-z][a-z0-9_-]*$",
    // Names of fonts keep their capitals.
    "value-keyword-case": ["lower", { ignoreProperties: ["/^--(serif|sans)$/"] }],
  },
};
