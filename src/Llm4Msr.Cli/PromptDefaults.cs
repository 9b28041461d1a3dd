using System.CommandLine;
using Llm4Msr.Knowledge;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Cli;

/// <summary>The options that looking at prompts and asking them share, so that what is shown is what is asked.</summary>
internal static class PromptDefaults
{
    public const int History = 15;

    public static Option<Spelled<KnowledgeProtocol>> ProtocolOption() => Spelling.Option(
        "--protocol",
        "past-only: no row sees itself or its future. train-part: one snapshot after the training rows. whole-period: everything, for comparison only.",
        KnowledgeProtocol.PastOnly);

    public static Option<string?> TemplateOption() => new("--template") { Description = "Your own wording; 'llm4msr prompts template' prints the built-in one.", HelpName = "FILE" };

    public static Option<string?> ModelOption() => new("--model")
    {
        Description = "Language model that was asked: cuts titles of more than 64 tokens again as it did.",
        HelpName = "FILE",
    };

    public static PromptTemplate Template(string? path) => path is null ? PromptTemplate.BuiltIn : PromptTemplate.Load(path);
}
