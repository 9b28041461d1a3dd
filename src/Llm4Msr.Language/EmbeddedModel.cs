namespace Llm4Msr.Language;

/// <summary>
/// The small Llama that comes with this library, trained by this project (<c>experiments/embedded-model</c>) so that the quick
/// start and tests can reason for real without a download. It knows the words of generated catalogues and nothing else: of any
/// other text its answers and states say nothing.
/// </summary>
public static class EmbeddedModel
{
    /// <summary>What it is called wherever a model is named; a folder of this name is <c>./embedded</c>.</summary>
    public const string Name = "embedded";

    /// <summary>The most items of one scenario in the prompts that it was trained on.</summary>
    public const int History = 10;

    /// <summary>Its files, which the build puts beside the program.</summary>
    public static string Folder => Path.Combine(AppContext.BaseDirectory, Name);
}
