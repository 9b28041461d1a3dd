namespace Llm4Msr.Language;

/// <summary>How a prompt is framed for a model.</summary>
public enum ChatFormat
{
    /// <summary>Turns between <c>&lt;|im_start|&gt;</c> and <c>&lt;|im_end|&gt;</c>.</summary>
    ChatMl,

    /// <summary>The text as it is, for models that were not trained to chat.</summary>
    Plain,
}

/// <summary>How to load a model.</summary>
/// <param name="ChatFormat">Goes before the chat template that the model's files carry; null to go by the template.</param>
public sealed record LoadOptions(ChatFormat? ChatFormat = null);
