using Llm4Msr.Models;

namespace Llm4Msr.Cli;

/// <summary>A model in the words of its command line: "star + llm4msr, shuffled knowledge".</summary>
internal static class ModelName
{
    public static string Of(ModelOptions options, KnowledgeArm? arm)
    {
        var backbone = Spelling.Of(options.Backbone);
        return options.Fusion is null || arm is null ? backbone : $"{backbone} + llm4msr, {Spelling.Of(arm.Value)} knowledge";
    }
}
