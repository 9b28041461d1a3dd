namespace Llm4Msr.Language;

/// <summary>How a prompt is framed for a model.</summary>
public enum ChatFormat
{
    /// <summary>Turns between <c>&lt;|im_start|&gt;</c> and <c>&lt;|im_end|&gt;</c>.</summary>
    ChatMl,

    /// <summary>The text as it is, for models that were not trained to chat.</summary>
    Plain,

    /// <summary>Roles between <c>&lt;|start_header_id|&gt;</c> and <c>&lt;|end_header_id|&gt;</c>, turns before <c>&lt;|eot_id|&gt;</c>.</summary>
    Llama3,

    /// <summary>Questions between <c>[INST]</c> and <c>[/INST]</c>.</summary>
    Mistral,

    /// <summary>Rounds: <c>[Round 1]</c>, the question after "问：", the answer after "答：".</summary>
    ChatGlm2,
}

/// <summary>The names of the formats in files and on the command line.</summary>
public static class ChatFormats
{
    private static readonly (ChatFormat Format, string Name)[] s_names =
    [
        (ChatFormat.ChatMl, "chatml"), (ChatFormat.Llama3, "llama3"), (ChatFormat.Mistral, "mistral"), (ChatFormat.ChatGlm2, "chatglm2"),
        (ChatFormat.Plain, "plain"),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. s_names.Select(n => n.Name)];

    public static string ToName(this ChatFormat format) => s_names.Single(n => n.Format == format).Name;

    /// <returns>Null where <paramref name="name"/> is none of <see cref="Names"/>.</returns>
    public static ChatFormat? Parse(string name) =>
        Array.FindIndex(s_names, n => n.Name == name) is >= 0 and var index ? s_names[index].Format : null;

    internal static string HowToName { get; } =
        $"Name the format that the model was trained with in {nameof(LoadOptions)}.{nameof(LoadOptions.ChatFormat)} (--chat): {string.Join(", ", Names.Select(n => $"'{n}'"))}.";
}

/// <summary>What weights are in memory.</summary>
public enum WeightStorage
{
    /// <summary>Widened once: fastest, four bytes per weight.</summary>
    Fp32,

    /// <summary>As the file has them, in half precision or quantised, and widened layer by layer whenever they are used: slower, smallest.</summary>
    Keep,
}

/// <summary>How to load a model.</summary>
/// <param name="ChatFormat">Goes before the chat template that the model's files carry; null to go by the template.</param>
/// <param name="Weights">Both give the same states to the last bits: arithmetic is in fp32.</param>
/// <param name="Device">"cpu", or "cuda:0" and so on where libtorch has it.</param>
public sealed record LoadOptions(ChatFormat? ChatFormat = null, WeightStorage Weights = WeightStorage.Fp32, string Device = "cpu");
