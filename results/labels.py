"""The notice that a picture is made with AI. Laws want people to see it: a note in the file is not enough."""

from typing import Annotated, TypedDict

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.http.envelope import Url
from config.core.images import SOURCE_TYPE


class AiLabelAnswer(TypedDict):
    """The notice to show with a picture."""

    required: Annotated[bool, _("Show the text wherever you show the picture.")]
    text: Annotated[str, _("In the language of the request.")]
    iptc: Annotated[Url, _("IPTC's digital source type, as in the file of the picture.")]


def ai_label() -> AiLabelAnswer:
    """Return the notice in the language of the request."""
    return {"required": True, "text": gettext("Made with AI"), "iptc": SOURCE_TYPE}
