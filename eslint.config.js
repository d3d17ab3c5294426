// The JavaScript for browsers: modules without a build step, so browsers run these files.

import js from "@eslint/js";
import globals from "globals";

const HTML_FROM_TEXT = "Build elements, or set textContent: text that becomes HTML can become a script.";

export default [
  // The widget as it is served is put together from its parts by tests/widget/build.py.
  { ignores: ["var/", ".venv/", "templates/static/widget/v*/"] },
  js.configs.recommended,
  {
    files: ["templates/static/**/*.js"],
    languageOptions: { ecmaVersion: 2025, sourceType: "module", globals: globals.browser },
  },
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "array-callback-return": "error",
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "no-alert": "error",
      "no-console": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-promise-executor-return": "error",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: HTML_FROM_TEXT },
        { property: "outerHTML", message: HTML_FROM_TEXT },
        { property: "insertAdjacentHTML", message: HTML_FROM_TEXT },
      ],
      "no-script-url": "error",
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-unused-expressions": "error",
      "no-use-before-define": ["error", { functions: false, variables: false }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
      "require-atomic-updates": "error",
    },
  },
];
