using System.CommandLine;
using Llm4Msr.Language;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli;

/// <summary>The options that every verb has that loads a language model.</summary>
internal static class LlmOptions
{
    public static Option<ChatFormat?> Chat() => new("--chat")
    {
        Description = "How the model was trained to be asked [default: by its chat template].",
        CustomParser = result =>
        {
            var name = result.Tokens[^1].Value;
            if (ChatFormats.Parse(name) is { } format)
                return format;
            result.AddError($"--chat is '{name}', expected one of: {string.Join(", ", ChatFormats.Names)}.{Nearest.Hint(name, ChatFormats.Names)}");
            return null;
        },
        HelpName = string.Join('|', ChatFormats.Names),
    };

    public static Option<Spelled<WeightStorage>> Weights() => Spelling.Option(
        "--weights", "fp32: widened once, fastest. keep: as stored, widened layer by layer; smallest.", WeightStorage.Fp32);

    public static Option<string> Device() => new("--device")
    {
        Description = "Where the model computes: cpu, or cuda:0 where libtorch has it.",
        DefaultValueFactory = _ => new LoadOptions().Device,
        HelpName = "cpu|cuda:0",
    };
}
