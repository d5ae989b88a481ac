/**
 * The operators of ai.onnx by version, as the schemas of onnx 1.23.2 have them; written by
 * test/oracle/onnx_signatures.py, which says how a line reads.
 */
// prettier-ignore
export const signatureLines: Readonly<Record<string, readonly string[]>> = {
  FusedMatMul: [
    '1 | dfh dfh | dfh | alpha:float=1.0 transA:int=0 transB:int=0 transBatchA:int=0 transBatchB:int=0',
  ],
  QuickGelu: [
    '1 | fh | fh | alpha:float=1.702',
  ],
  Abs: [
    '6 | dfhilu | dfhilu |',
    '13 | bdfhilu | bdfhilu |',
  ],
  Acos: [
    '7 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  Acosh: [
    '9 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  Add: [
    '7 | dfhil dfhil | dfhil |',
    '13 | bdfhil bdfhil | bdfhil |',
    '14 | bdfhilu bdfhilu | bdfhilu |',
  ],
  And: [
    '7 | t t | t |',
  ],
  ArgMax: [
    '1 | dfhilu | l | axis:int=0 keepdims:int=1',
    '11 | dfhilu | l | axis:int=0 keepdims:int=1',
    '12 | dfhilu | l | axis:int=0 keepdims:int=1 select_last_index:int=0',
    '13 | bdfhilu | l | axis:int=0 keepdims:int=1 select_last_index:int=0',
  ],
  ArgMin: [
    '1 | dfhilu | l | axis:int=0 keepdims:int=1',
    '11 | dfhilu | l | axis:int=0 keepdims:int=1',
    '12 | dfhilu | l | axis:int=0 keepdims:int=1 select_last_index:int=0',
    '13 | bdfhilu | l | axis:int=0 keepdims:int=1 select_last_index:int=0',
  ],
  Asin: [
    '7 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  Asinh: [
    '9 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  Atan: [
    '7 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  Atanh: [
    '9 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  Attention: [
    '23 | bdfh bdfh bdfh btdfhilu? bdfh? bdfh? | bdfh bdfh? bdfh? bdfh? | is_causal:int=0 kv_num_heads:int q_num_heads:int qk_matmul_output_mode:int=0 scale:float softcap:float=0.0 softmax_precision:int',
    '24 | bdfh bdfh bdfh btdfhilu? bdfh? bdfh? l? | bdfh bdfh? bdfh? bdfh? | is_causal:int=0 kv_num_heads:int q_num_heads:int qk_matmul_output_mode:int=0 scale:float softcap:float=0.0 softmax_precision:int',
    '25 | bdfh bdfh bdfh btdfhilu? bdfh? bdfh? l? | bdfh bdfh? bdfh? bdfh? | is_causal:int=0 kv_num_heads:int left_window_size:int=-1 q_num_heads:int qk_matmul_output_mode:int=0 right_window_size:int=-1 scale:float softcap:float=0.0 softmax_precision:int',
  ],
  AveragePool: [
    '7 | dfh | dfh | auto_pad:string=NOTSET count_include_pad:int=0 kernel_shape:ints! pads:ints strides:ints',
    '10 | dfh | dfh | auto_pad:string=NOTSET ceil_mode:int=0 count_include_pad:int=0 kernel_shape:ints! pads:ints strides:ints',
    '11 | dfh | dfh | auto_pad:string=NOTSET ceil_mode:int=0 count_include_pad:int=0 kernel_shape:ints! pads:ints strides:ints',
    '19 | dfh | dfh | auto_pad:string=NOTSET ceil_mode:int=0 count_include_pad:int=0 dilations:ints kernel_shape:ints! pads:ints strides:ints',
    '22 | bdfh | bdfh | auto_pad:string=NOTSET ceil_mode:int=0 count_include_pad:int=0 dilations:ints kernel_shape:ints! pads:ints strides:ints',
  ],
  BatchNormalization: [
    '7 | dfh dfh dfh dfh dfh | dfh dfh? dfh? dfh? dfh? | epsilon:float=9.9999997e-06 momentum:float=0.89999998 spatial:int=1',
    '9 | dfh dfh dfh dfh dfh | dfh dfh? dfh? dfh? dfh? | epsilon:float=9.9999997e-06 momentum:float=0.89999998',
    '14 | bdfh bdfh bdfh bdfh bdfh | bdfh bdfh? bdfh? | epsilon:float=9.9999997e-06 momentum:float=0.89999998 training_mode:int=0',
    '15 | bdfh bdfh bdfh bdfh bdfh | bdfh bdfh? bdfh? | epsilon:float=9.9999997e-06 momentum:float=0.89999998 training_mode:int=0',
  ],
  Cast: [
    '6 | tdfhilu | tdfhilu | to:int!',
    '9 | tdfhilu | tdfhilu | to:int!',
    '13 | btdfhilu | btdfhilu | to:int!',
    '19 | btdfhilu | btdfhilu | saturate:int=1 to:int!',
    '21 | btdfhilu | btdfhilu | saturate:int=1 to:int!',
    '23 | btdfhilu | btdfhilu | saturate:int=1 to:int!',
    '24 | btdfhilu | btdfhilu | round_mode:string=up saturate:int=1 to:int!',
    '25 | btdfhilu | btdfhilu | round_mode:string=up saturate:int=1 to:int!',
    '28 | btdfhilu | btdfhilu | round_mode:string=up saturate:int=1 to:int!',
  ],
  CastLike: [
    '15 | btdfhilu btdfhilu | btdfhilu |',
    '19 | btdfhilu btdfhilu | btdfhilu | saturate:int=1',
    '21 | btdfhilu btdfhilu | btdfhilu | saturate:int=1',
    '23 | btdfhilu btdfhilu | btdfhilu | saturate:int=1',
    '24 | btdfhilu btdfhilu | btdfhilu | round_mode:string=up saturate:int=1',
    '25 | btdfhilu btdfhilu | btdfhilu | round_mode:string=up saturate:int=1',
  ],
  Ceil: [
    '6 | dfh | dfh |',
    '13 | bdfh | bdfh |',
  ],
  Celu: [
    '12 | f | f | alpha:float=1.0',
    '28 | bdfh | bdfh | alpha:float=1.0',
  ],
  Clip: [
    '6 | dfh | dfh | max:float=3.4028235e+38 min:float=-3.4028235e+38',
    '11 | dfh dfh? dfh? | dfh |',
    '12 | dfhilu dfhilu? dfhilu? | dfhilu |',
    '13 | bdfhilu bdfhilu? bdfhilu? | bdfhilu |',
  ],
  Compress: [
    '9 | tdfhilu t | tdfhilu | axis:int',
    '11 | tdfhilu t | tdfhilu | axis:int',
    '28 | btdfhilu t | btdfhilu | axis:int',
  ],
  Concat: [
    '4 | tdfhilu* | tdfhilu | axis:int!',
    '11 | tdfhilu* | tdfhilu | axis:int!',
    '13 | btdfhilu* | btdfhilu | axis:int!',
  ],
  Constant: [
    '1 |  | dfh | value:tensor!',
    '9 |  | tdfhilu | value:tensor!',
    '11 |  | tdfhilu | sparse_value:sparse value:tensor',
    '12 |  | tdfhilu | sparse_value:sparse value:tensor value_float:float value_floats:floats value_int:int value_ints:ints value_string:string value_strings:strings',
    '13 |  | btdfhilu | sparse_value:sparse value:tensor value_float:float value_floats:floats value_int:int value_ints:ints value_string:string value_strings:strings',
    '19 |  | btdfhilu | sparse_value:sparse value:tensor value_float:float value_floats:floats value_int:int value_ints:ints value_string:string value_strings:strings',
    '21 |  | btdfhilu | sparse_value:sparse value:tensor value_float:float value_floats:floats value_int:int value_ints:ints value_string:string value_strings:strings',
    '23 |  | btdfhilu | sparse_value:sparse value:tensor value_float:float value_floats:floats value_int:int value_ints:ints value_string:string value_strings:strings',
    '24 |  | btdfhilu | sparse_value:sparse value:tensor value_float:float value_floats:floats value_int:int value_ints:ints value_string:string value_strings:strings',
    '25 |  | btdfhilu | sparse_value:sparse value:tensor value_float:float value_floats:floats value_int:int value_ints:ints value_string:string value_strings:strings',
  ],
  ConstantOfShape: [
    '9 | l | tdfhilu | value:tensor',
    '20 | l | btdfhilu | value:tensor',
    '21 | l | btdfhilu | value:tensor',
    '23 | l | btdfhilu | value:tensor',
    '24 | l | btdfhilu | value:tensor',
    '25 | l | btdfhilu | value:tensor',
  ],
  Conv: [
    '1 | dfh dfh dfh? | dfh | auto_pad:string=NOTSET dilations:ints group:int=1 kernel_shape:ints pads:ints strides:ints',
    '11 | dfh dfh dfh? | dfh | auto_pad:string=NOTSET dilations:ints group:int=1 kernel_shape:ints pads:ints strides:ints',
    '22 | bdfh bdfh bdfh? | bdfh | auto_pad:string=NOTSET dilations:ints group:int=1 kernel_shape:ints pads:ints strides:ints',
  ],
  ConvTranspose: [
    '1 | dfh dfh dfh? | dfh | auto_pad:string=NOTSET dilations:ints group:int=1 kernel_shape:ints output_padding:ints output_shape:ints pads:ints strides:ints',
    '11 | dfh dfh dfh? | dfh | auto_pad:string=NOTSET dilations:ints group:int=1 kernel_shape:ints output_padding:ints output_shape:ints pads:ints strides:ints',
    '22 | bdfh bdfh bdfh? | bdfh | auto_pad:string=NOTSET dilations:ints group:int=1 kernel_shape:ints output_padding:ints output_shape:ints pads:ints strides:ints',
  ],
  Cos: [
    '7 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  Cosh: [
    '9 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  CumSum: [
    '11 | dfil il | dfil | exclusive:int=0 reverse:int=0',
    '14 | bdfhil il | bdfhil | exclusive:int=0 reverse:int=0',
  ],
  DepthToSpace: [
    '1 | tdfhilu | tdfhilu | blocksize:int!',
    '11 | tdfhilu | tdfhilu | blocksize:int! mode:string=DCR',
    '13 | btdfhilu | btdfhilu | blocksize:int! mode:string=DCR',
    '28 | btdfhilu | btdfhilu | blocksize:int! mode:string=DCR',
  ],
  Div: [
    '7 | dfhil dfhil | dfhil |',
    '13 | bdfhil bdfhil | bdfhil |',
    '14 | bdfhilu bdfhilu | bdfhilu |',
  ],
  Dropout: [
    '7 | dfh | dfh dfh? | ratio:float=0.5',
    '10 | dfh | dfh t? | ratio:float=0.5',
    '12 | dfh dfh? t? | dfh t? | seed:int',
    '13 | bdfh dfh? t? | bdfh t? | seed:int',
    '22 | bdfh bdfh? t? | bdfh t? | seed:int',
  ],
  Einsum: [
    '12 | dfhilu* | dfhilu | equation:string!',
    '28 | bdfhilu* | bdfhilu | equation:string!',
  ],
  Elu: [
    '6 | dfh | dfh | alpha:float=1.0',
    '22 | bdfh | bdfh | alpha:float=1.0',
  ],
  Equal: [
    '7 | til til | t |',
    '11 | tdfhilu tdfhilu | t |',
    '13 | btdfhilu btdfhilu | t |',
    '19 | btdfhilu btdfhilu | t |',
  ],
  Erf: [
    '9 | dfhilu | dfhilu |',
    '13 | bdfh | bdfh |',
  ],
  Exp: [
    '6 | dfh | dfh |',
    '13 | bdfh | bdfh |',
  ],
  Expand: [
    '8 | tdfhilu l | tdfhilu |',
    '13 | btdfhilu l | btdfhilu |',
  ],
  EyeLike: [
    '9 | tdfhilu | tdfhilu | dtype:int k:int=0',
    '22 | btdfhilu | btdfhilu | dtype:int k:int=0',
  ],
  Flatten: [
    '1 | dfh | dfh | axis:int=1',
    '9 | tdfhilu | tdfhilu | axis:int=1',
    '11 | tdfhilu | tdfhilu | axis:int=1',
    '13 | btdfhilu | btdfhilu | axis:int=1',
    '21 | btdfhilu | btdfhilu | axis:int=1',
    '23 | btdfhilu | btdfhilu | axis:int=1',
    '24 | btdfhilu | btdfhilu | axis:int=1',
    '25 | btdfhilu | btdfhilu | axis:int=1',
  ],
  Floor: [
    '6 | dfh | dfh |',
    '13 | bdfh | bdfh |',
  ],
  Gather: [
    '1 | tdfhilu il | tdfhilu | axis:int=0',
    '11 | tdfhilu il | tdfhilu | axis:int=0',
    '13 | btdfhilu il | btdfhilu | axis:int=0',
  ],
  GatherElements: [
    '11 | tdfhilu il | tdfhilu | axis:int=0',
    '13 | btdfhilu il | btdfhilu | axis:int=0',
  ],
  GatherND: [
    '11 | tdfhilu l | tdfhilu |',
    '12 | tdfhilu l | tdfhilu | batch_dims:int=0',
    '13 | btdfhilu l | btdfhilu | batch_dims:int=0',
  ],
  Gelu: [
    '20 | bdfh | bdfh | approximate:string=none',
  ],
  Gemm: [
    '7 | dfh dfh dfh | dfh | alpha:float=1.0 beta:float=1.0 transA:int=0 transB:int=0',
    '9 | dfhil dfhil dfhil | dfhil | alpha:float=1.0 beta:float=1.0 transA:int=0 transB:int=0',
    '11 | dfhil dfhil dfhil? | dfhil | alpha:float=1.0 beta:float=1.0 transA:int=0 transB:int=0',
    '13 | bdfhil bdfhil bdfhil? | bdfhil | alpha:float=1.0 beta:float=1.0 transA:int=0 transB:int=0',
  ],
  GlobalAveragePool: [
    '1 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  GlobalMaxPool: [
    '1 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  Greater: [
    '7 | dfh dfh | t |',
    '9 | dfhilu dfhilu | t |',
    '13 | bdfhilu bdfhilu | t |',
  ],
  GreaterOrEqual: [
    '12 | dfhilu dfhilu | t |',
    '16 | bdfhilu bdfhilu | t |',
  ],
  GridSample: [
    '16 | tdfhilu dfh | tdfhilu | align_corners:int=0 mode:string=bilinear padding_mode:string=zeros',
    '20 | tdfhilu dfh | tdfhilu | align_corners:int=0 mode:string=linear padding_mode:string=zeros',
    '22 | btdfhilu bdfh | btdfhilu | align_corners:int=0 mode:string=linear padding_mode:string=zeros',
  ],
  GroupNormalization: [
    '18 deprecated',
    '21 | bdfh bdfh bdfh | bdfh | epsilon:float=9.9999997e-06 num_groups:int! stash_type:int=1',
  ],
  HardSigmoid: [
    '6 | dfh | dfh | alpha:float=0.2 beta:float=0.5',
    '22 | bdfh | bdfh | alpha:float=0.2 beta:float=0.5',
  ],
  HardSwish: [
    '14 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  Hardmax: [
    '1 | dfh | dfh | axis:int=1',
    '11 | dfh | dfh | axis:int=1',
    '13 | bdfh | bdfh | axis:int=-1',
  ],
  Identity: [
    '1 | tdfhilu | tdfhilu |',
    '13 | btdfhilu | btdfhilu |',
    '14 | btdfhilu | btdfhilu |',
    '16 | btdfhilu | btdfhilu |',
    '19 | btdfhilu | btdfhilu |',
    '21 | btdfhilu | btdfhilu |',
    '23 | btdfhilu | btdfhilu |',
    '24 | btdfhilu | btdfhilu |',
    '25 | btdfhilu | btdfhilu |',
  ],
  If: [
    '1 | t | tdfhilu* | else_branch:graph! then_branch:graph!',
    '11 | t | tdfhilu* | else_branch:graph! then_branch:graph!',
    '13 | t | tdfhilu* | else_branch:graph! then_branch:graph!',
    '16 | t | btdfhilu* | else_branch:graph! then_branch:graph!',
    '19 | t | btdfhilu* | else_branch:graph! then_branch:graph!',
    '21 | t | btdfhilu* | else_branch:graph! then_branch:graph!',
    '23 | t | btdfhilu* | else_branch:graph! then_branch:graph!',
    '24 | t | btdfhilu* | else_branch:graph! then_branch:graph!',
    '25 | t | btdfhilu* | else_branch:graph! then_branch:graph!',
  ],
  InstanceNormalization: [
    '6 | dfh dfh dfh | dfh | epsilon:float=9.9999997e-06',
    '22 | bdfh bdfh bdfh | bdfh | epsilon:float=9.9999997e-06',
  ],
  IsInf: [
    '10 | df | t | detect_negative:int=1 detect_positive:int=1',
    '20 | bdfh | t | detect_negative:int=1 detect_positive:int=1',
  ],
  IsNaN: [
    '9 | dfh | t |',
    '13 | bdfh | t |',
    '20 | bdfh | t |',
  ],
  LRN: [
    '1 | dfh | dfh | alpha:float=9.9999997e-05 beta:float=0.75 bias:float=1.0 size:int!',
    '13 | bdfh | bdfh | alpha:float=9.9999997e-05 beta:float=0.75 bias:float=1.0 size:int!',
  ],
  LayerNormalization: [
    '17 | bdfh bdfh bdfh? | bdfh bf? bf? | axis:int=-1 epsilon:float=9.9999997e-06 stash_type:int=1',
  ],
  LeakyRelu: [
    '6 | dfh | dfh | alpha:float=0.0099999998',
    '16 | bdfh | bdfh | alpha:float=0.0099999998',
  ],
  Less: [
    '7 | dfh dfh | t |',
    '9 | dfhilu dfhilu | t |',
    '13 | bdfhilu bdfhilu | t |',
  ],
  LessOrEqual: [
    '12 | dfhilu dfhilu | t |',
    '16 | bdfhilu bdfhilu | t |',
  ],
  Log: [
    '6 | dfh | dfh |',
    '13 | bdfh | bdfh |',
  ],
  LogSoftmax: [
    '1 | dfh | dfh | axis:int=1',
    '11 | dfh | dfh | axis:int=1',
    '13 | bdfh | bdfh | axis:int=-1',
  ],
  Loop: [
    '1 | l? t? tdfhilu* | tdfhilu* | body:graph!',
    '11 | l? t? tdfhilu* | tdfhilu* | body:graph!',
    '13 | l? t? tdfhilu* | tdfhilu* | body:graph!',
    '16 | l? t? btdfhilu* | btdfhilu* | body:graph!',
    '19 | l? t? btdfhilu* | btdfhilu* | body:graph!',
    '21 | l? t? btdfhilu* | btdfhilu* | body:graph!',
    '23 | l? t? btdfhilu* | btdfhilu* | body:graph!',
    '24 | l? t? btdfhilu* | btdfhilu* | body:graph!',
    '25 | l? t? btdfhilu* | btdfhilu* | body:graph!',
  ],
  LpNormalization: [
    '1 | dfh | dfh | axis:int=-1 p:int=2',
    '22 | bdfh | bdfh | axis:int=-1 p:int=2',
  ],
  MatMul: [
    '1 | dfh dfh | dfh |',
    '9 | dfhil dfhil | dfhil |',
    '13 | bdfhil bdfhil | bdfhil |',
  ],
  Max: [
    '6 | dfh* | dfh |',
    '8 | dfh* | dfh |',
    '12 | dfhilu* | dfhilu |',
    '13 | bdfhilu* | bdfhilu |',
  ],
  MaxPool: [
    '1 | dfh | dfh | auto_pad:string=NOTSET kernel_shape:ints! pads:ints strides:ints',
    '8 | dfh | dfh l? | auto_pad:string=NOTSET kernel_shape:ints! pads:ints storage_order:int=0 strides:ints',
    '10 | dfh | dfh l? | auto_pad:string=NOTSET ceil_mode:int=0 dilations:ints kernel_shape:ints! pads:ints storage_order:int=0 strides:ints',
    '11 | dfh | dfh l? | auto_pad:string=NOTSET ceil_mode:int=0 dilations:ints kernel_shape:ints! pads:ints storage_order:int=0 strides:ints',
    '12 | dfhu | dfhu l? | auto_pad:string=NOTSET ceil_mode:int=0 dilations:ints kernel_shape:ints! pads:ints storage_order:int=0 strides:ints',
    '22 | bdfhu | bdfhu l? | auto_pad:string=NOTSET ceil_mode:int=0 dilations:ints kernel_shape:ints! pads:ints storage_order:int=0 strides:ints',
  ],
  Mean: [
    '6 | dfh* | dfh |',
    '8 | dfh* | dfh |',
    '13 | bdfh* | bdfh |',
  ],
  MeanVarianceNormalization: [
    '9 | dfh | dfh | axes:ints=0,2,3',
    '13 | bdfh | bdfh | axes:ints=0,2,3',
  ],
  Min: [
    '6 | dfh* | dfh |',
    '8 | dfh* | dfh |',
    '12 | dfhilu* | dfhilu |',
    '13 | bdfhilu* | bdfhilu |',
  ],
  Mish: [
    '18 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  Mod: [
    '10 | dfhilu dfhilu | dfhilu | fmod:int=0',
    '13 | bdfhilu bdfhilu | bdfhilu | fmod:int=0',
    '28 | bdfhilu bdfhilu | bdfhilu | fmod:int=0',
  ],
  Mul: [
    '7 | dfhil dfhil | dfhil |',
    '13 | bdfhil bdfhil | bdfhil |',
    '14 | bdfhilu bdfhilu | bdfhilu |',
  ],
  Neg: [
    '6 | dfhil | dfhil |',
    '13 | bdfhil | bdfhil |',
  ],
  NegativeLogLikelihoodLoss: [
    '12 | dfh il dfh? | dfh | ignore_index:int reduction:string=mean',
    '13 | dfh il dfh? | dfh | ignore_index:int reduction:string=mean',
    '22 | bdfh il bdfh? | bdfh | ignore_index:int reduction:string=mean',
  ],
  NonZero: [
    '9 | tdfhilu | l |',
    '13 | btdfhilu | l |',
  ],
  Not: [
    '1 | t | t |',
  ],
  OneHot: [
    '9 | dfhilu dfhilu tdfhilu | tdfhilu | axis:int=-1',
    '11 | dfhilu dfhilu tdfhilu | tdfhilu | axis:int=-1',
    '28 | dfhilu dfhilu btdfhilu | btdfhilu | axis:int=-1',
  ],
  Or: [
    '7 | t t | t |',
  ],
  PRelu: [
    '7 | dfh dfh | dfh |',
    '9 | dfhil dfhil | dfhil |',
    '16 | bdfhil bdfhil | bdfhil |',
  ],
  Pad: [
    '2 | dfh | dfh | mode:string=constant pads:ints! value:float=0.0',
    '11 | dfhilu l dfhilu? | dfhilu | mode:string=constant',
    '13 | btdfhilu l btdfhilu? | btdfhilu | mode:string=constant',
    '18 | btdfhilu l btdfhilu? il? | btdfhilu | mode:string=constant',
    '19 | btdfhilu l btdfhilu? il? | btdfhilu | mode:string=constant',
    '21 | btdfhilu l btdfhilu? il? | btdfhilu | mode:string=constant',
    '23 | btdfhilu l btdfhilu? il? | btdfhilu | mode:string=constant',
    '24 | btdfhilu l btdfhilu? il? | btdfhilu | mode:string=constant',
    '25 | btdfhilu l btdfhilu? il? | btdfhilu | mode:string=constant',
  ],
  Pow: [
    '7 | dfh dfh | dfh |',
    '12 | dfhil dfhilu | dfhil |',
    '13 | bdfhil dfhilu | bdfhil |',
    '15 | bdfhil bdfhilu | bdfhil |',
  ],
  RMSNormalization: [
    '23 | bdfh bdfh | bdfh | axis:int=-1 epsilon:float=9.9999997e-06 stash_type:int=1',
  ],
  Range: [
    '11 | dfil dfil dfil | dfil |',
    '27 | bdfhil bdfhil bdfhil | bdfhil | stash_type:int=1',
  ],
  Reciprocal: [
    '6 | dfh | dfh |',
    '13 | bdfh | bdfh |',
  ],
  ReduceL1: [
    '1 | dfhil | dfhil | axes:ints keepdims:int=1',
    '11 | dfhil | dfhil | axes:ints keepdims:int=1',
    '13 | bdfhil | bdfhil | axes:ints keepdims:int=1',
    '18 | bdfhil l? | bdfhil | keepdims:int=1 noop_with_empty_axes:int=0',
  ],
  ReduceL2: [
    '1 | dfhil | dfhil | axes:ints keepdims:int=1',
    '11 | dfhil | dfhil | axes:ints keepdims:int=1',
    '13 | bdfhil | bdfhil | axes:ints keepdims:int=1',
    '18 | bdfhil l? | bdfhil | keepdims:int=1 noop_with_empty_axes:int=0',
  ],
  ReduceLogSum: [
    '1 | dfhil | dfhil | axes:ints keepdims:int=1',
    '11 | dfhil | dfhil | axes:ints keepdims:int=1',
    '13 | bdfhil | bdfhil | axes:ints keepdims:int=1',
    '18 | bdfhil l? | bdfhil | keepdims:int=1 noop_with_empty_axes:int=0',
    '28 | bdfh l? | bdfh | keepdims:int=1 noop_with_empty_axes:int=0',
  ],
  ReduceLogSumExp: [
    '1 | dfhil | dfhil | axes:ints keepdims:int=1',
    '11 | dfhil | dfhil | axes:ints keepdims:int=1',
    '13 | bdfhil | bdfhil | axes:ints keepdims:int=1',
    '18 | bdfhil l? | bdfhil | keepdims:int=1 noop_with_empty_axes:int=0',
    '28 | bdfh l? | bdfh | keepdims:int=1 noop_with_empty_axes:int=0',
  ],
  ReduceMax: [
    '1 | dfhil | dfhil | axes:ints keepdims:int=1',
    '11 | dfhil | dfhil | axes:ints keepdims:int=1',
    '12 | dfhilu | dfhilu | axes:ints keepdims:int=1',
    '13 | bdfhilu | bdfhilu | axes:ints keepdims:int=1',
    '18 | bdfhilu l? | bdfhilu | keepdims:int=1 noop_with_empty_axes:int=0',
    '20 | btdfhilu l? | btdfhilu | keepdims:int=1 noop_with_empty_axes:int=0',
  ],
  ReduceMean: [
    '1 | dfhil | dfhil | axes:ints keepdims:int=1',
    '11 | dfhil | dfhil | axes:ints keepdims:int=1',
    '13 | bdfhil | bdfhil | axes:ints keepdims:int=1',
    '18 | bdfhil l? | bdfhil | keepdims:int=1 noop_with_empty_axes:int=0',
  ],
  ReduceMin: [
    '1 | dfhil | dfhil | axes:ints keepdims:int=1',
    '11 | dfhil | dfhil | axes:ints keepdims:int=1',
    '12 | dfhilu | dfhilu | axes:ints keepdims:int=1',
    '13 | bdfhilu | bdfhilu | axes:ints keepdims:int=1',
    '18 | bdfhilu l? | bdfhilu | keepdims:int=1 noop_with_empty_axes:int=0',
    '20 | btdfhilu l? | btdfhilu | keepdims:int=1 noop_with_empty_axes:int=0',
  ],
  ReduceProd: [
    '1 | dfhil | dfhil | axes:ints keepdims:int=1',
    '11 | dfhil | dfhil | axes:ints keepdims:int=1',
    '13 | bdfhil | bdfhil | axes:ints keepdims:int=1',
    '18 | bdfhil l? | bdfhil | keepdims:int=1 noop_with_empty_axes:int=0',
  ],
  ReduceSum: [
    '1 | dfhil | dfhil | axes:ints keepdims:int=1',
    '11 | dfhil | dfhil | axes:ints keepdims:int=1',
    '13 | bdfhil l? | bdfhil | keepdims:int=1 noop_with_empty_axes:int=0',
  ],
  ReduceSumSquare: [
    '1 | dfhil | dfhil | axes:ints keepdims:int=1',
    '11 | dfhil | dfhil | axes:ints keepdims:int=1',
    '13 | bdfhil | bdfhil | axes:ints keepdims:int=1',
    '18 | bdfhil l? | bdfhil | keepdims:int=1 noop_with_empty_axes:int=0',
  ],
  Relu: [
    '6 | dfh | dfh |',
    '13 | bdfh | bdfh |',
    '14 | bdfhil | bdfhil |',
  ],
  Reshape: [
    '5 | tdfhilu l | tdfhilu |',
    '13 | btdfhilu l | btdfhilu |',
    '14 | btdfhilu l | btdfhilu | allowzero:int=0',
    '19 | btdfhilu l | btdfhilu | allowzero:int=0',
    '21 | btdfhilu l | btdfhilu | allowzero:int=0',
    '23 | btdfhilu l | btdfhilu | allowzero:int=0',
    '24 | btdfhilu l | btdfhilu | allowzero:int=0',
    '25 | btdfhilu l | btdfhilu | allowzero:int=0',
  ],
  Resize: [
    '10 | tdfhilu f | tdfhilu | mode:string=nearest',
    '11 | tdfhilu dfh f l? | tdfhilu | coordinate_transformation_mode:string=half_pixel cubic_coeff_a:float=-0.75 exclude_outside:int=0 extrapolation_value:float=0.0 mode:string=nearest nearest_mode:string=round_prefer_floor',
    '13 | btdfhilu dfh? f? l? | btdfhilu | coordinate_transformation_mode:string=half_pixel cubic_coeff_a:float=-0.75 exclude_outside:int=0 extrapolation_value:float=0.0 mode:string=nearest nearest_mode:string=round_prefer_floor',
    '18 | btdfhilu dfh? f? l? | btdfhilu | antialias:int=0 axes:ints coordinate_transformation_mode:string=half_pixel cubic_coeff_a:float=-0.75 exclude_outside:int=0 extrapolation_value:float=0.0 keep_aspect_ratio_policy:string=stretch mode:string=nearest nearest_mode:string=round_prefer_floor',
    '19 | btdfhilu dfh? f? l? | btdfhilu | antialias:int=0 axes:ints coordinate_transformation_mode:string=half_pixel cubic_coeff_a:float=-0.75 exclude_outside:int=0 extrapolation_value:float=0.0 keep_aspect_ratio_policy:string=stretch mode:string=nearest nearest_mode:string=round_prefer_floor',
  ],
  RotaryEmbedding: [
    '23 | bfh bfh bfh l? | bfh | interleaved:int=0 num_heads:int rotary_embedding_dim:int=0',
  ],
  Round: [
    '11 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  Scatter: [
    '9 | tdfhilu il tdfhilu | tdfhilu | axis:int=0',
    '11 deprecated',
  ],
  ScatterElements: [
    '11 | tdfhilu il tdfhilu | tdfhilu | axis:int=0',
    '13 | btdfhilu il btdfhilu | btdfhilu | axis:int=0',
    '16 | btdfhilu il btdfhilu | btdfhilu | axis:int=0 reduction:string=none',
    '18 | btdfhilu il btdfhilu | btdfhilu | axis:int=0 reduction:string=none',
  ],
  ScatterND: [
    '11 | tdfhilu l tdfhilu | tdfhilu |',
    '13 | btdfhilu l btdfhilu | btdfhilu |',
    '16 | btdfhilu l btdfhilu | btdfhilu | reduction:string=none',
    '18 | btdfhilu l btdfhilu | btdfhilu | reduction:string=none',
  ],
  Selu: [
    '6 | dfh | dfh | alpha:float=1.6732632 gamma:float=1.050701',
    '22 | bdfh | bdfh | alpha:float=1.6732632 gamma:float=1.050701',
  ],
  Shape: [
    '1 | tdfhilu | l |',
    '13 | btdfhilu | l |',
    '15 | btdfhilu | l | end:int start:int=0',
    '19 | btdfhilu | l | end:int start:int=0',
    '21 | btdfhilu | l | end:int start:int=0',
    '23 | btdfhilu | l | end:int start:int=0',
    '24 | btdfhilu | l | end:int start:int=0',
    '25 | btdfhilu | l | end:int start:int=0',
  ],
  Shrink: [
    '9 | dfhilu | dfhilu | bias:float=0.0 lambd:float=0.5',
  ],
  Sigmoid: [
    '6 | dfh | dfh |',
    '13 | bdfh | bdfh |',
  ],
  Sign: [
    '9 | dfhilu | dfhilu |',
    '13 | bdfhilu | bdfhilu |',
  ],
  Sin: [
    '7 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  Sinh: [
    '9 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  Size: [
    '1 | tdfhilu | l |',
    '13 | btdfhilu | l |',
    '19 | btdfhilu | l |',
    '21 | btdfhilu | l |',
    '23 | btdfhilu | l |',
    '24 | btdfhilu | l |',
    '25 | btdfhilu | l |',
  ],
  Slice: [
    '1 | tdfhilu | tdfhilu | axes:ints ends:ints! starts:ints!',
    '10 | tdfhilu il il il? il? | tdfhilu |',
    '11 | tdfhilu il il il? il? | tdfhilu |',
    '13 | btdfhilu il il il? il? | btdfhilu |',
  ],
  Softmax: [
    '1 | dfh | dfh | axis:int=1',
    '11 | dfh | dfh | axis:int=1',
    '13 | bdfh | bdfh | axis:int=-1',
  ],
  SoftmaxCrossEntropyLoss: [
    '12 | dfh il dfh? | dfh dfh? | ignore_index:int reduction:string=mean',
    '13 | bdfh il bdfh? | bdfh bdfh? | ignore_index:int reduction:string=mean',
  ],
  Softplus: [
    '1 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  Softsign: [
    '1 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  SpaceToDepth: [
    '1 | tdfhilu | tdfhilu | blocksize:int!',
    '13 | btdfhilu | btdfhilu | blocksize:int!',
    '28 | btdfhilu | btdfhilu | blocksize:int! mode:string=DCR',
  ],
  Split: [
    '2 | tdfhilu | tdfhilu* | axis:int=0 split:ints',
    '11 | tdfhilu | tdfhilu* | axis:int=0 split:ints',
    '13 | btdfhilu l? | btdfhilu* | axis:int=0',
    '18 | btdfhilu l? | btdfhilu* | axis:int=0 num_outputs:int',
  ],
  Sqrt: [
    '6 | dfh | dfh |',
    '13 | bdfh | bdfh |',
  ],
  Squeeze: [
    '1 | tdfhilu | tdfhilu | axes:ints',
    '11 | tdfhilu | tdfhilu | axes:ints',
    '13 | btdfhilu l? | btdfhilu |',
    '21 | btdfhilu l? | btdfhilu |',
    '23 | btdfhilu l? | btdfhilu |',
    '24 | btdfhilu l? | btdfhilu |',
    '25 | btdfhilu l? | btdfhilu |',
  ],
  Sub: [
    '7 | dfhil dfhil | dfhil |',
    '13 | bdfhil bdfhil | bdfhil |',
    '14 | bdfhilu bdfhilu | bdfhilu |',
  ],
  Sum: [
    '6 | dfh* | dfh |',
    '8 | dfh* | dfh |',
    '13 | bdfh* | bdfh |',
  ],
  SwiGLU: [
    '28 | bdfh bdfh | bdfh | alpha:float=1.0',
  ],
  Swish: [
    '24 | bdfh | bdfh | alpha:float=1.0',
  ],
  Tan: [
    '7 | dfh | dfh |',
    '22 | bdfh | bdfh |',
  ],
  Tanh: [
    '6 | dfh | dfh |',
    '13 | bdfh | bdfh |',
  ],
  ThresholdedRelu: [
    '10 | dfh | dfh | alpha:float=1.0',
    '22 | bdfh | bdfh | alpha:float=1.0',
  ],
  Tile: [
    '6 | tdfhilu l | tdfhilu |',
    '13 | btdfhilu l | btdfhilu |',
  ],
  TopK: [
    '1 | dfh | dfh l | axis:int=-1 k:int!',
    '10 | dfh l | dfh l | axis:int=-1',
    '11 | dfhilu l | dfhilu l | axis:int=-1 largest:int=1 sorted:int=1',
    '24 | bdfhilu l | bdfhilu l | axis:int=-1 largest:int=1 sorted:int=1',
  ],
  Transpose: [
    '1 | tdfhilu | tdfhilu | perm:ints',
    '13 | btdfhilu | btdfhilu | perm:ints',
    '21 | btdfhilu | btdfhilu | perm:ints',
    '23 | btdfhilu | btdfhilu | perm:ints',
    '24 | btdfhilu | btdfhilu | perm:ints',
    '25 | btdfhilu | btdfhilu | perm:ints',
  ],
  Trilu: [
    '14 | btdfhilu l? | btdfhilu | upper:int=1',
  ],
  Unsqueeze: [
    '1 | tdfhilu | tdfhilu | axes:ints!',
    '11 | tdfhilu | tdfhilu | axes:ints!',
    '13 | btdfhilu l | btdfhilu |',
    '21 | btdfhilu l | btdfhilu |',
    '23 | btdfhilu l | btdfhilu |',
    '24 | btdfhilu l | btdfhilu |',
    '25 | btdfhilu l | btdfhilu |',
  ],
  Upsample: [
    '7 | tdfhilu | tdfhilu | mode:string=nearest scales:floats!',
    '9 | tdfhilu f | tdfhilu | mode:string=nearest',
    '10 deprecated',
  ],
  Where: [
    '9 | t tdfhilu tdfhilu | tdfhilu |',
    '16 | t btdfhilu btdfhilu | btdfhilu |',
  ],
  Xor: [
    '7 | t t | t |',
  ],
}
