using Llm4Msr.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Enhancements;

/// <summary>
/// Knowledge as one more feature field: a user's vector through a learned linear map, beside the other fields. The
/// baseline that meta layers have to beat, which the paper does not show (models guide, section 2.3).
/// </summary>
/// <remarks>
/// Shapes: B rows, N features, d embedding size; the backbone reads N + d. A user without knowledge has the reader's
/// learned vector, as everywhere.
/// </remarks>
public sealed class KnowledgeField : nn.Module<Tensor, ScenarioGroups, BatchKnowledge?, Tensor>
{
    /// <summary>Of the field's numbers at the start: at 1 they drown the other fields, whose embeddings start near zero; near zero themselves they learn late.</summary>
    internal const double FirstDeviation = 0.3;

    private readonly nn.Module<Tensor, ScenarioGroups, Tensor> backbone;
    private readonly Linear map;

    /// <param name="backbone">Reads N + <paramref name="size"/> inputs.</param>
    /// <param name="size">d.</param>
    public KnowledgeField(nn.Module<Tensor, ScenarioGroups, Tensor> backbone, int size, KnowledgeShape knowledge, Generator random)
        : base(nameof(KnowledgeField))
    {
        this.backbone = backbone;
        map = nn.Linear(knowledge.UserWidth, size);
        using (no_grad())
        {
            map.weight.normal_(0, FirstDeviation / (Math.Sqrt(knowledge.UserWidth) * knowledge.UserScale), random);
            map.bias!.zero_();
        }
        RegisterComponents();
    }

    /// <param name="features">[B, N].</param>
    /// <returns>One logit per row, [B].</returns>
    public override Tensor forward(Tensor features, ScenarioGroups scenarios, BatchKnowledge? knowledge)
    {
        ArgumentNullException.ThrowIfNull(knowledge);
        var field = map.call(knowledge.User.Distinct).index_select(0, knowledge.User.Owner);
        return backbone.call(cat([features, field], 1), scenarios);
    }
}
