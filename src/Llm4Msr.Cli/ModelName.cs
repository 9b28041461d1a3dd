using Llm4Msr.Models;

namespace Llm4Msr.Cli;

/// <summary>A model in the words of its command line: "star + llm4msr, shuffled knowledge".</summary>
internal static class ModelName
{
    public static string Of(ModelOptions options, KnowledgeArm? arm)
    {
        var backbone = Spelling.Of(options.Backbone);
        var name = options.Enhancement == EnhancementKind.None ? backbone : $"{backbone} + {Spelling.Of(options.Enhancement)}";
        return options.Fusion is null || arm is null ? name : $"{name}, {Spelling.Of(arm.Value)} knowledge";
    }
}
