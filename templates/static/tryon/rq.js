// django-rq's lists call a jQuery plug-in that Django's admin no longer has. The admin's own script selects rows.
if (window.django?.jQuery) {
    window.django.jQuery.fn.actions ??= function () {
        return this;
    };
}
